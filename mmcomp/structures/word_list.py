"""Lists of words on disk, a word a line, and the two entries that every vocabulary begins with."""
import os
from collections.abc import Sequence
from pathlib import Path

from mmcomp.errors import DataError, fault, shorten
from mmcomp.files import atomic_open

PADDING, UNKNOWN = '[PAD]', '[UNK]'


def read_words(path: str | os.PathLike) -> list[str]:
    """The words of a file in order.

    Raises:
        DataError: If there is no such file, or it is no UTF-8 text.
    """
    try:
        # A word may hold what other splits take for the end of a line.
        lines = Path(path).expanduser().read_bytes().decode().split('\n')
    except (OSError, UnicodeError) as error:
        raise DataError(fault(path, 'vocab', 'a text file with a word a line', type(error).__name__,
                              'Check the path, or write it with `fit_vocabulary`.')) from error
    return lines[:-1] if lines[-1] == '' else lines


def write_words(path: str | os.PathLike, words: Sequence[str]) -> None:
    """Write a word a line, whole or not at all.

    Raises:
        DataError: If a word holds the end of a line.
    """
    broken = [word for word in words if '\n' in word]
    if broken:
        raise DataError(fault(path, 'words', 'without ends of lines', shorten(map(repr, broken)), 'Take them out.'))
    with atomic_open(path, newline='\n') as file:
        file.writelines(f'{word}\n' for word in words)
