"""Data sets of rows that are read whole and known by id."""
import copy
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from mmpretrain.datasets import BaseDataset


class RowwiseDataset(BaseDataset):
    """Length, ids and subsets of a data set that keeps an array a property, a row a sample.

    A subclass fills ``ids (N,)`` and what ``row_wise`` names in ``full_init``.
    """

    # Arrays (N, …), or None where the data set has no such thing.
    row_wise: ClassVar[tuple[str, ...]] = ()
    _lengths: np.ndarray | None = None

    def __len__(self) -> int:
        self.full_init()
        return len(self.ids)

    @property
    def sample_ids(self) -> list[str]:
        """The id of every sample."""
        self.full_init()
        return self.ids.tolist()

    def get_subset_(self, indices: int | Sequence[int]) -> None:
        """Keep the first (or, below zero, last) so many rows, or the given ones."""
        self.full_init()
        rows = np.arange(len(self.ids))
        if isinstance(indices, int):
            self._take(rows[:indices] if indices >= 0 else rows[indices:])
        else:
            self._take(rows[np.asarray(indices)])

    def get_subset(self, indices: int | Sequence[int]) -> 'RowwiseDataset':
        """A data set of some of the rows, see :meth:`get_subset_`."""
        self.full_init()
        other = copy.copy(self)
        other.get_subset_(indices)
        return other

    def _take(self, rows: np.ndarray) -> None:
        self.ids, self._lengths = self.ids[rows], None
        for name in self.row_wise:
            values = getattr(self, name)
            setattr(self, name, None if values is None else values[rows])
