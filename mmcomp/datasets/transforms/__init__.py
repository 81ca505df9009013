from .random_affine import RandomAffine
from .text import DeleteCharacters, IsolateSymbols, LowerCase, MaskTokens, NormalizeUnicode, PackTokens

__all__ = [
    'DeleteCharacters', 'IsolateSymbols', 'LowerCase', 'MaskTokens', 'NormalizeUnicode', 'PackTokens', 'RandomAffine'
]
