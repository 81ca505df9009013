from .image_dataset import sample_ids
from .image_folder_dataset import ImageFolderDataset
from .image_list_dataset import ImageListDataset
from .samplers import ShardedBatchSampler
from .transforms import RandomAffine

__all__ = ['ImageFolderDataset', 'ImageListDataset', 'RandomAffine', 'ShardedBatchSampler', 'sample_ids']
