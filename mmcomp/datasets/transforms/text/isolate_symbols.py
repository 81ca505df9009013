"""Spaces around symbols."""
import string

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import TRANSFORMS


@TRANSFORMS.register_module()
class IsolateSymbols:
    """Put a space on both sides of each of some characters: ``str -> str``.

    Word lists such as GloVe and fastText then find the word beside a comma.

    Args:
        symbols: All of them in one text; by default ASCII punctuation.

    Raises:
        ConfigError: If there are none.
    """

    def __init__(self, symbols: str = string.punctuation):
        if not symbols:
            raise ConfigError(fault('IsolateSymbols', 'symbols', 'one or more', symbols, 'Name them.'))
        self.table = {ord(symbol): f' {symbol} ' for symbol in symbols}

    def __call__(self, text: str) -> str:
        return text.translate(self.table)
