"""The two levels of classes: leaves by their four digits, parents by the first two of them."""
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mmcomp.errors import ConfigError, DataError, did_you_mean, fault, shorten

# Leaves of the parents 00 to 22; within a parent the codes run from 00.
LEAVES = (9, 5, 9, 6, 6, 3, 3, 6, 6, 8, 4, 6, 6, 12, 4, 10, 11, 9, 7, 6, 16, 24, 24)


@dataclass(frozen=True)
class Taxonomy:
    """Codes of four digits, rising; the label of a leaf is its place, that of a parent too.

    Args:
        codes: ``('0000', '0001', …)``.

    Raises:
        DataError: If a code is none, or they do not rise.
    """
    codes: tuple[str, ...]

    def __post_init__(self):
        wrong = [code for code in self.codes if not is_code(code)]
        if wrong or not self.codes:
            raise DataError(fault('Taxonomy', 'codes', 'texts of four digits', shorten(wrong) or 'none',
                                  'Numbers lose their zeros; write texts.'))
        if list(self.codes) != sorted(set(self.codes)):
            raise DataError(fault('Taxonomy', 'codes', 'rising, each once', shorten(self.codes, 8), 'Sort them.'))

    @classmethod
    def from_counts(cls, leaves: Sequence[int] = LEAVES) -> 'Taxonomy':
        """From the number of leaves of each parent."""
        if not 0 < len(leaves) <= 100 or not all(0 < count <= 100 for count in leaves):
            raise ConfigError(fault('Taxonomy', 'leaves', '1 to 100 counts of 1 to 100', leaves, 'Correct them.'))
        return cls(tuple(f'{parent:02d}{leaf:02d}' for parent, count in enumerate(leaves) for leaf in range(count)))

    @classmethod
    def from_file(cls, path: str | os.PathLike) -> 'Taxonomy':
        """From a file whose lines end with a code each, such as a CSV of names and codes, in any order."""
        try:
            with open(path, encoding='utf-8-sig') as file:
                codes = [line.strip().rpartition(',')[2] for line in file if line.strip()]
        except FileNotFoundError:
            raise DataError(f'{path}: no such list of classes. Check the path.') from None
        return cls(tuple(sorted(codes)))

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def label_of(self) -> dict[str, int]:
        """Label by code."""
        return {code: label for label, code in enumerate(self.codes)}

    @cached_property
    def parents(self) -> tuple[str, ...]:
        """Codes of the parents, two digits each."""
        return tuple(sorted({code[:2] for code in self.codes}))

    @cached_property
    def parent_of(self) -> np.ndarray:
        """Label of the parent of each leaf, ``(C,)`` int64."""
        place = {code: label for label, code in enumerate(self.parents)}
        return np.array([place[code[:2]] for code in self.codes], np.int64)

    @cached_property
    def first_leaf(self) -> np.ndarray:
        """Label of the first leaf of each parent, ``(P,)`` int64."""
        return np.searchsorted(self.parent_of, np.arange(len(self.parents)))

    def labels(self, codes: Sequence[str], where: str = 'Taxonomy') -> np.ndarray:
        """Labels of codes, ``(N,)`` int64.

        Raises:
            DataError: If one is unknown, or a number.
        """
        unknown = [code for code in codes if code not in self.label_of]
        if unknown:
            raise DataError(fault(where, 'category_id', f'one of the {len(self)} codes ({shorten(self.codes, 3)})',
                                  unknown[0], self._advice(unknown[0])))
        return np.array([self.label_of[code] for code in codes], np.int64)

    def _advice(self, code: object) -> str:
        padded = str(code).zfill(4)
        if padded in self.label_of:
            return f'A program took it for a number and its zeros are lost; write \'{padded}\', a text.'
        return f'Correct it.{did_you_mean(code, self.codes)}'


def is_code(code: object) -> bool:
    """Whether it is a text of four digits."""
    return isinstance(code, str) and len(code) == 4 and code.isascii() and code.isdecimal()
