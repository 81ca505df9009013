from .random_affine import RandomAffine
from .text import DeleteCharacters, IsolateSymbols, LowerCase, NormalizeUnicode, PackTokens

__all__ = ['DeleteCharacters', 'IsolateSymbols', 'LowerCase', 'NormalizeUnicode', 'PackTokens', 'RandomAffine']
