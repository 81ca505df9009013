"""Spaces around symbols."""
import string
from collections.abc import Sequence

from mmcomp.registry import TRANSFORMS

from .character_sets import CharacterTable


@TRANSFORMS.register_module()
class IsolateSymbols:
    """Put a space on both sides of each of some characters: ``str -> str``.

    Word lists such as GloVe and fastText then find the word beside a comma.

    Args:
        symbols: All of them in one text; by default ASCII punctuation.
        sets: And those of named sets, ``symbols`` first of all, which holds
            ASCII punctuation too; see :mod:`.character_sets`.
        keep: But for these, such as apostrophes for contractions.

    Raises:
        ConfigError: If there are none.
    """

    def __init__(self, symbols: str = string.punctuation, sets: Sequence[str] = (), keep: str = ''):
        self.table = CharacterTable('IsolateSymbols', symbols, sets, keep, ' {} ')

    def __call__(self, text: str) -> str:
        return text.translate(self.table)
