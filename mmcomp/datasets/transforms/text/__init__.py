from .assemble_text import AssembleText
from .delete_characters import DeleteCharacters
from .isolate_symbols import IsolateSymbols
from .keep_characters import KeepCharacters
from .lower_case import LowerCase
from .mask_tokens import MaskTokens
from .normalize_unicode import NormalizeUnicode
from .pack_tokens import PackTokens
from .strip_apostrophes import StripApostrophes
from .treebank_tokenize import TreebankTokenize

__all__ = [
    'AssembleText', 'DeleteCharacters', 'IsolateSymbols', 'KeepCharacters', 'LowerCase', 'MaskTokens',
    'NormalizeUnicode', 'PackTokens', 'StripApostrophes', 'TreebankTokenize',
]
