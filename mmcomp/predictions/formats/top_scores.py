"""Scores of which each row keeps its highest classes alone; all others are zero.

Zero is below what was there, and a kept score is what was there. So the top class
of a row stays what it was, and so does that of a mean of such tables with weights
that are not negative, wherever it is among the kept classes of all members: no
other class can gain. (Were the others' mass spread over them, a class that one
member puts first and another drops could overtake.) The mass is kept beside.
"""
from collections.abc import Iterator

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from mmcomp.errors import TableError, fault

BLOCK_BYTES = 4 << 20


def top_of_rows(block: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The highest scores of each row.

    Args:
        block: ``(n, C)``, not negative.
        top: K, at most C. Of equal scores the first ones are kept, as ``argmax`` takes the first.

    Returns:
        Columns ``(n, K)``, ascending, their scores ``(n, K)``, and the sum of all others ``(n,)`` float64.
    """
    wide = block.astype(np.float32) if block.dtype == np.float16 else block  # halves are slow to compare
    lowest = np.partition(wide, block.shape[1] - top, axis=1)[:, block.shape[1] - top, None]
    kept = wide >= lowest
    tied = np.flatnonzero(kept.sum(axis=1) > top)
    if len(tied):
        above, equal = wide[tied] > lowest[tied], wide[tied] == lowest[tied]
        kept[tied] = above | equal & (np.cumsum(equal, axis=1) <= top - above.sum(axis=1, keepdims=True))
    columns = np.flatnonzero(kept).reshape(len(block), top) % block.shape[1]
    values = np.take_along_axis(block, columns, axis=1)
    rest = wide.sum(axis=1, dtype=np.float64) - values.sum(axis=1, dtype=np.float64)
    return columns, values, np.maximum(rest, 0)


class TopScores(NDArrayOperatorsMixin):
    """What an array ``(N, C)`` of these scores would be; rows are filled in as they are looked at.

    Rows, columns and single scores are read without the whole; anything else that
    an array can do makes it.

    Args:
        values: ``(N, K)``, not negative.
        columns: ``(N, K)`` of them, ascending in each row.
        rest: ``(N,)`` mass of the other classes.
        classes: C.
        where: The file, for errors.
    """
    ndim = 2

    def __init__(self, values: np.ndarray, columns: np.ndarray, rest: np.ndarray, classes: int, where: object):
        self.values, self.columns, self.rest, self._where = values, columns, rest, where
        self.shape, self.dtype = (len(values), classes), values.dtype

    @property
    def top(self) -> int:
        """How many classes a row keeps."""
        return self.values.shape[1]

    @property
    def size(self) -> int:
        """Scores of the whole."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key):
        if isinstance(key, int | np.integer):
            return self._filled(np.array([key]))[0]
        if isinstance(key, slice) or isinstance(key, np.ndarray) and key.ndim == 1:
            return self._filled(key)
        if not isinstance(key, tuple) or len(key) != 2:
            return np.asarray(self)[key]
        if all(isinstance(part, np.ndarray) and part.dtype.kind in 'iu' for part in key):
            rows, wanted = np.broadcast_arrays(*key)
            found = self._checked(rows)[0] == np.where(wanted < 0, wanted + self.shape[1], wanted)[..., None]
            return np.where(found, self.values[rows], 0).sum(axis=-1, dtype=self.dtype)
        if isinstance(key[0], slice):
            return np.concatenate([block[:, key[1]] for block in self._blocks(key[0])])
        return np.asarray(self)[key]

    def _blocks(self, rows: slice) -> Iterator[np.ndarray]:
        """Rows, filled in, a few at a time; at least one block."""
        rows, step = np.arange(len(self))[rows], max(1, BLOCK_BYTES // (4 * self.shape[1]))
        for start in range(0, max(1, len(rows)), step):
            yield self._filled(rows[start:start + step])

    def _filled(self, rows) -> np.ndarray:
        columns, values = self._checked(rows)
        filled = np.zeros((len(values), self.shape[1]), self.dtype)
        np.put_along_axis(filled, columns, values, axis=1)
        return filled

    def _checked(self, rows) -> tuple[np.ndarray, np.ndarray]:
        """Columns as they can be used, and values, of some rows.

        Raises:
            TableError: If a damaged file names a column twice, or one that is not there.
        """
        columns, values = np.asarray(self.columns[rows], dtype=np.int64), np.asarray(self.values[rows])
        if (np.diff(columns, axis=-1) <= 0).any() or columns.max(initial=0) >= self.shape[1]:
            raise TableError(fault(self._where, 'columns', f'ascending and below {self.shape[1]} in each row',
                                   'others', 'Write the table again.'))
        return columns, values

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        if copy is False:
            raise ValueError('the whole array is made when it is asked for, and can\'t be had without')
        whole = np.empty(self.shape, dtype or self.dtype)
        step = max(1, BLOCK_BYTES // (4 * self.shape[1]))
        for start in range(0, len(self), step):
            whole[start:start + step] = self._filled(slice(start, start + step))
        return whole

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return getattr(ufunc, method)(*(np.asarray(i) if isinstance(i, TopScores) else i for i in inputs), **kwargs)

    def __getattr__(self, name: str):
        if name.startswith('_'):
            raise AttributeError(name)
        return getattr(np.asarray(self), name)

    def min(self, *args, **kwargs):
        """The least of all scores is zero unless every class is kept; of axes as of an array."""
        if args or kwargs or not self.size or self.top == self.shape[1]:
            return np.asarray(self).min(*args, **kwargs)
        return min(self.dtype.type(0), self.values.min())

    def max(self, *args, **kwargs):
        """The greatest of all scores, or with ``axis=1`` of each row, without the whole; of columns as of an array."""
        if args or kwargs not in ({}, {'axis': 1}) or not self.size:
            return np.asarray(self).max(*args, **kwargs)
        return self.values.max(**kwargs)

    def spread(self) -> Iterator[np.ndarray]:
        """Blocks of rows in which the other classes share their mass evenly, float32; they sum to what they did.

        A share stays below the kept scores, as the mean of lower ones does, also where it is rounded.
        """
        step, others = max(1, BLOCK_BYTES // (4 * self.shape[1])), max(1, self.shape[1] - self.top)
        for start in range(0, len(self), step):
            columns, values = self._checked(slice(start, start + step))
            below = np.nextafter(values.min(axis=1).astype(np.float32), np.float32(0))
            share = np.minimum((self.rest[start:start + step] / others).astype(np.float32), below)
            block = np.broadcast_to(share[:, None], (len(values), self.shape[1])).copy()
            np.put_along_axis(block, columns, values.astype(np.float32), axis=1)
            yield block
