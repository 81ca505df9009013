"""Sets of characters that no list holds, told by their Unicode properties.

What a comment field collects besides words is too much to write down: the
sets are asked character by character, and the answers kept.
"""
import functools
import unicodedata
from collections.abc import Callable, Sequence

from mmcomp.errors import ConfigError, did_you_mean, fault

# Tiles to extended pictographs, symbols and dingbats that phones draw in colour, what chooses colour and a key's frame.
PICTURES = ((0x1F000, 0x1FAFF), (0x2600, 0x27BF), (0x2B05, 0x2B07), (0x2B1B, 0x2B1C), (0x2B50, 0x2B55),
            (0xFE0F, 0xFE0F), (0x20E3, 0x20E3))
# Letters and marks by their category that leave no ink.
BLANK = frozenset('\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0') | {chr(code) for code in range(0xFE00, 0xFE10)}


def is_emoji(character: str) -> bool:
    """Pictures, flags, and what chooses their colour."""
    return any(first <= ord(character) <= last for first, last in PICTURES)


def is_invisible(character: str) -> bool:
    """Control and format characters (zero width, direction, soft hyphen), not the white space among them."""
    return not character.isspace() and (unicodedata.category(character) in ('Cc', 'Cf') or character in BLANK)


def is_private(character: str) -> bool:
    """Private use, halves of surrogate pairs, code points that are no character."""
    return unicodedata.category(character) in ('Co', 'Cs', 'Cn')


def is_foreign_letter(character: str) -> bool:
    """Letters, their marks and digits of other scripts than the Latin one, wide or mathematical Latin letters not."""
    if character < '\u0250' or unicodedata.category(character)[0] not in 'LMN':
        return False
    name = unicodedata.name(character, '')
    if name.startswith(('COMBINING', 'MODIFIER LETTER')) or unicodedata.category(character) == 'No':
        return False
    plain = unicodedata.normalize('NFKC', character)[0]
    return plain > '\u024f' and 'LATIN' not in unicodedata.name(plain, '')


def is_symbol(character: str) -> bool:
    """Punctuation, signs of mathematics and money, arrows, boxes, fractions: all that is printed and no word."""
    return unicodedata.category(character)[0] in 'PS' or unicodedata.category(character) == 'No'


SETS: dict[str, Callable[[str], bool]] = dict(
    emoji=is_emoji, invisible=is_invisible, private=is_private, foreign_letters=is_foreign_letter, symbols=is_symbol)


class CharacterTable(dict):
    """A table of ``str.translate`` whose entries for named sets are found as they are asked for.

    Args:
        where: How errors call the caller.
        characters: Characters of the table beside those of the sets.
        sets: Names of ``SETS``.
        keep: Characters that are not of the table, though a set has them.
        put: What stands for one of them, with ``{}`` for itself; None deletes it.

    Raises:
        ConfigError: If there is no character, or a set of that name.
    """

    def __init__(self, where: str, characters: str, sets: Sequence[str], keep: str, put: str | None):
        super().__init__()
        for name in sets:
            if name not in SETS:
                raise ConfigError(fault(where, 'sets', f'of {tuple(SETS)}', name,
                                        f'Correct it.{did_you_mean(name, SETS)}'))
        if not characters and not sets:
            raise ConfigError(fault(where, 'characters', 'one or more, if no sets are given', characters, 'Name them.'))
        self.characters, self.sets, self.keep, self.put = frozenset(characters), tuple(sets), frozenset(keep), put

    def __missing__(self, code: int) -> str | int | None:
        character = chr(code)
        found = character not in self.keep and (character in self.characters or _member(character, self.sets))
        self[code] = code if not found else self.put and self.put.format(character)
        return self[code]

    def __reduce__(self):
        return _table, (self.characters, self.sets, self.keep, self.put)


def _table(characters: frozenset, sets: tuple, keep: frozenset, put: str | None) -> CharacterTable:
    """A table sent to another process, without the answers it has."""
    return CharacterTable('', ''.join(sorted(characters)), sets, ''.join(sorted(keep)), put)


@functools.cache
def _member(character: str, sets: tuple[str, ...]) -> bool:
    return any(SETS[name](character) for name in sets)
