from .image import (
    FastLoadImageFromFile,
    FastPackInputs,
    FastRandAugment,
    FastRandomErasing,
    FastRandomFlip,
    FastRandomResizedCrop,
    FastResize,
    FastResizeEdge,
    ImageCache,
)
from .pack_modalities import PackModalities
from .random_affine import RandomAffine
from .text import (
    AssembleText,
    DeleteCharacters,
    IsolateSymbols,
    KeepCharacters,
    LowerCase,
    MaskTokens,
    NormalizeUnicode,
    PackTokens,
    StripApostrophes,
    TreebankTokenize,
)
from .video import DecodeFrames, SampleFrames

__all__ = [
    'AssembleText', 'DecodeFrames', 'DeleteCharacters', 'FastLoadImageFromFile', 'FastPackInputs', 'FastRandAugment',
    'FastRandomErasing', 'FastRandomFlip', 'FastRandomResizedCrop', 'FastResize', 'FastResizeEdge', 'ImageCache',
    'IsolateSymbols', 'KeepCharacters', 'LowerCase', 'MaskTokens', 'NormalizeUnicode', 'PackModalities', 'PackTokens',
    'RandomAffine', 'SampleFrames', 'StripApostrophes', 'TreebankTokenize',
]
