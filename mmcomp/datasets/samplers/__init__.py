from .corpora_sampler import CorporaSampler
from .length_bucket_batch_sampler import LengthBucketBatchSampler
from .rare_class_sampler import RareClassSampler
from .resumable_batch_sampler import ResumableBatchSampler
from .sharded_batch_sampler import ShardedBatchSampler

__all__ = ['CorporaSampler', 'LengthBucketBatchSampler', 'RareClassSampler', 'ResumableBatchSampler',
           'ShardedBatchSampler']
