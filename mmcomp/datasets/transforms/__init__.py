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
    LowerCase,
    MaskTokens,
    NormalizeUnicode,
    PackTokens,
    StripApostrophes,
    TreebankTokenize,
)
from .video import DecodeFrames, SampleFrames

__all__ = [
    'AssembleText', 'DecodeFrames', 'PackModalities', 'SampleFrames',
    'DeleteCharacters', 'FastLoadImageFromFile', 'FastPackInputs', 'FastRandAugment', 'FastRandomErasing',
    'FastRandomFlip', 'FastRandomResizedCrop', 'FastResize', 'FastResizeEdge', 'ImageCache', 'IsolateSymbols',
    'LowerCase', 'MaskTokens', 'NormalizeUnicode', 'PackTokens', 'RandomAffine', 'StripApostrophes',
    'TreebankTokenize'
]
