from .sharded_batch_sampler import ShardedBatchSampler

__all__ = ['ShardedBatchSampler']
