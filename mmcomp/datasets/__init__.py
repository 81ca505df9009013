from .image_dataset import sample_ids
from .image_folder_dataset import ImageFolderDataset
from .image_list_dataset import ImageListDataset
from .repeated_batches import repeat_batch
from .samplers import LengthBucketBatchSampler, ResumableBatchSampler, ShardedBatchSampler
from .seeded_dataset import SeededDataset
from .tabular_text_dataset import TabularTextDataset
from .transforms import (
    AssembleText,
    DecodeFrames,
    DeleteCharacters,
    FastLoadImageFromFile,
    FastPackInputs,
    FastRandAugment,
    FastRandomErasing,
    FastRandomFlip,
    FastRandomResizedCrop,
    FastResize,
    FastResizeEdge,
    ImageCache,
    IsolateSymbols,
    KeepCharacters,
    LowerCase,
    NormalizeUnicode,
    PackModalities,
    PackTokens,
    RandomAffine,
    SampleFrames,
    StripApostrophes,
    TreebankTokenize,
)
from .video_text_dataset import VideoTextDataset

__all__ = [
    'AssembleText', 'DecodeFrames', 'DeleteCharacters', 'FastLoadImageFromFile', 'FastPackInputs', 'FastRandAugment',
    'FastRandomErasing', 'FastRandomFlip', 'FastRandomResizedCrop', 'FastResize', 'FastResizeEdge', 'ImageCache',
    'ImageFolderDataset', 'ImageListDataset', 'IsolateSymbols', 'KeepCharacters', 'LengthBucketBatchSampler',
    'LowerCase', 'NormalizeUnicode', 'PackModalities', 'PackTokens', 'RandomAffine', 'ResumableBatchSampler',
    'SampleFrames', 'SeededDataset', 'ShardedBatchSampler', 'StripApostrophes', 'TabularTextDataset',
    'TreebankTokenize', 'VideoTextDataset', 'repeat_batch', 'sample_ids',
]
