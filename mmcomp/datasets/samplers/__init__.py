from .resumable_batch_sampler import ResumableBatchSampler
from .sharded_batch_sampler import ShardedBatchSampler

__all__ = ['ResumableBatchSampler', 'ShardedBatchSampler']
