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
from .random_affine import RandomAffine
from .text import DeleteCharacters, IsolateSymbols, LowerCase, MaskTokens, NormalizeUnicode, PackTokens

__all__ = [
    'DeleteCharacters', 'FastLoadImageFromFile', 'FastPackInputs', 'FastRandAugment', 'FastRandomErasing',
    'FastRandomFlip', 'FastRandomResizedCrop', 'FastResize', 'FastResizeEdge', 'ImageCache', 'IsolateSymbols',
    'LowerCase', 'MaskTokens', 'NormalizeUnicode', 'PackTokens', 'RandomAffine'
]
