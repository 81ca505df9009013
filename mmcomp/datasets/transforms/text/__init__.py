from .assemble_text import AssembleText
from .delete_characters import DeleteCharacters
from .isolate_symbols import IsolateSymbols
from .lower_case import LowerCase
from .mask_tokens import MaskTokens
from .normalize_unicode import NormalizeUnicode
from .pack_tokens import PackTokens

__all__ = [
    'AssembleText', 'DeleteCharacters', 'IsolateSymbols', 'LowerCase', 'MaskTokens', 'NormalizeUnicode', 'PackTokens',
]
