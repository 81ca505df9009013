from .image_dataset import sample_ids
from .image_folder_dataset import ImageFolderDataset
from .image_list_dataset import ImageListDataset
from .samplers import ResumableBatchSampler, ShardedBatchSampler
from .seeded_dataset import SeededDataset
from .transforms import RandomAffine

__all__ = [
    'ImageFolderDataset', 'ImageListDataset', 'RandomAffine', 'ResumableBatchSampler', 'SeededDataset',
    'ShardedBatchSampler', 'sample_ids',
]
