"""Rows of an ensemble's member, in the order of the ensemble, as float32."""
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

from mmcomp.errors import TableError
from mmcomp.structures.prediction_table import SUM_TOLERANCE, PredictionTable


@cache
def _halves() -> np.ndarray:
    """The float32 value of every float16, by its bits."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)


class MemberRows:
    """Reads blocks of rows of a table, from its file where the table is mapped.

    Reading by ``pread`` into a block that stays in the cache costs no page
    fault a row, and does not mind numbers that begin at an odd address, as
    those in a pickle do.

    Args:
        table: The member.
        rows: Its row for each of the ensemble's, ``(N,)``, -1 where it has
            none; None where they are in the same order.
        columns: Its column for each class of the ensemble, ``(C,)``, or None.
    """

    def __init__(self, table: PredictionTable, rows: np.ndarray | None = None, columns: np.ndarray | None = None):
        self.table, self.rows, self.columns = table, rows, columns
        self.dtype = table.scores.dtype
        self._file = None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """While it lasts, rows are read from the table's file where they lie in it as they are wanted."""
        scores = self.table.scores
        # A part of a mapped array does not know where in the file it is.
        whole = isinstance(scores, np.memmap) and isinstance(scores.base, mmap.mmap) and scores.mode == 'r'
        if not whole or not scores.flags.c_contiguous or self.rows is not None or self.columns is not None:
            yield
            return
        with open(scores.filename, 'rb', buffering=0) as self._file:
            yield
        self._file = None

    def prefetch(self, block: slice) -> None:
        """Ask the system to read rows that will be wanted soon."""
        if self._file is not None and hasattr(os, 'posix_fadvise'):
            start, size = self._place(block)
            os.posix_fadvise(self._file.fileno(), start, size, os.POSIX_FADV_WILLNEED)

    def present(self, block: slice) -> np.ndarray | None:
        """Which rows of the block the member has, ``(n,)``; None for all of them."""
        if self.rows is None:
            return None
        present = self.rows[block] >= 0
        return None if present.all() else present

    def read(self, block: slice, out: np.ndarray) -> np.ndarray:
        """Fill ``out`` ``(n, C)`` float32; rows that the member lacks become those of its first."""
        part = self._read(block, out)
        if self.dtype == np.float16:
            # A lookup is twice as fast as numpy's conversion of half precision.
            np.take(_halves(), part.view(np.uint16), out=out, mode='clip')
        elif part is not out:
            with np.errstate(over='ignore'):
                np.copyto(out, part, casting='same_kind')
        if self.table.kind == 'probability':
            self._check_probabilities(block, out)
        return out

    def _read(self, block: slice, out: np.ndarray) -> np.ndarray:
        if self._file is None:
            rows = block if self.rows is None else np.maximum(self.rows[block], 0)
            part = self.table.scores[rows]
            return part if self.columns is None else part[:, self.columns]
        part = out if self.dtype == np.float32 else np.empty(out.shape, self.dtype)
        start, size = self._place(block)
        view, done = memoryview(part).cast('B'), 0
        while done < size:
            count = os.preadv(self._file.fileno(), [view[done:]], start + done)
            if not count:
                raise TableError(f'{self.table.name}: the file became shorter while it was read. Write it again.')
            done += count
        return part

    def _place(self, block: slice) -> tuple[int, int]:
        """Where a block is in the file, and its bytes."""
        scores = self.table.scores
        row = scores.shape[1] * scores.itemsize
        return scores.offset + block.start * row, (block.stop - block.start) * row

    def _check_probabilities(self, block: slice, part: np.ndarray) -> None:
        with np.errstate(invalid='ignore', over='ignore'):
            sums = np.einsum('ij->i', part)
            good = abs(sums - 1) <= SUM_TOLERANCE[self.dtype.name]
        if not good.all() or part.min(initial=0) < 0:
            raise not_finite(self.table)


def not_finite(table: PredictionTable) -> TableError:
    """The error that names a table's bad rows; it reads them again."""
    try:
        table.check()
    except TableError as error:
        return error
    return TableError(f'{table.name}: its weighted scores leave the range of float32. Use smaller weights.')
