"""Only some characters left of a text."""
import re
from collections.abc import Sequence

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import TRANSFORMS

# Unified ideographs and their first extension; marks, and letters and marks as wide as ideographs.
CHINESE = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x3001, 0x3011), (0xFF01, 0xFF5E), (0x2018, 0x201D))


@TRANSFORMS.register_module()
class KeepCharacters:
    """Delete all characters but those of some ranges: ``str -> str``.

    Args:
        ranges: First and last of each, as characters or code points; by default
            Chinese characters and marks.
        also: More characters to keep, in one text.

    Raises:
        ConfigError: If a range has no two ends in order.
    """

    def __init__(self, ranges: Sequence[Sequence[int | str]] = CHINESE, also: str = ''):
        ends = [[end if isinstance(end, int) else ord(end) for end in one] for one in ranges]
        if not all(len(one) == 2 and one[0] <= one[1] for one in ends) or not (ends or also):
            raise ConfigError(fault('KeepCharacters', 'ranges', 'pairs of a first and a last character', ranges,
                                    'Correct the config.'))
        kept = ''.join(f'{re.escape(chr(first))}-{re.escape(chr(last))}' for first, last in ends)
        self.others = re.compile(f'[^{kept}{re.escape(also)}]+')

    def __call__(self, text: str) -> str:
        return self.others.sub('', text)
