"""Tables of many gigabytes: their headers without the scores, their scores without a copy."""
import io
import os
from pathlib import Path

import numpy as np

from mmcomp.errors import TableError
from mmcomp.predictions.safe_pickle import NumberUnpickler
from mmcomp.predictions.tables import FORMAT, VERSION, read_table
from mmcomp.structures import PredictionTable

SKIP_ABOVE = 1 << 26  # bytes: ids, names and pickle frames stay below, scores of many classes above


class _SkippingFile(io.RawIOBase):
    """A file that seeks over large reads, so that the reader gets untouched memory."""

    def __init__(self, file):
        self._file = file
        self.skipped = []  # (offset, size)

    def _skip(self, size: int) -> int:
        self.skipped.append((self._file.tell(), size))
        self._file.seek(size, os.SEEK_CUR)
        return size

    def read(self, size: int = -1) -> bytes:
        return bytes(self._skip(size)) if size > SKIP_ABOVE else self._file.read(size)

    def readinto(self, buffer) -> int:
        return self._skip(len(buffer)) if len(buffer) > SKIP_ABOVE else self._file.readinto(buffer)

    def readline(self, size: int = -1) -> bytes:
        return self._file.readline(size)


def read_header(path: str | os.PathLike) -> dict:
    """Origin, classes, kind and shape of a table file.

    Reading 17 tables of 1.8 GB to find that the last one lacks a score takes
    minutes; their headers take milliseconds. Files of older forms have no
    header; they give ``{'origin': {}}`` and are not read at all.

    Returns:
        ``origin`` and, for our own files, ``classes``, ``kind`` and ``shape``.

    Raises:
        TableError: If the file is missing, torn or unsafe.
    """
    content, _ = _load(path)
    if content is None:
        return {'origin': {}}
    return dict(origin=content.get('origin', {}), classes=content.get('classes'),
                kind=content['kind'], shape=content['scores'].shape)


def open_table(path: str | os.PathLike) -> PredictionTable:
    """:func:`read_table`, with the scores of a large file mapped and not read.

    Memory then holds only the rows that are looked at. The scores are
    read-only. Small files and those of older forms are read as usual.
    """
    content, skipped = _load(path)
    if content is None or len(skipped) != 1:
        return read_table(path)
    scores, (offset, size) = content['scores'], skipped[0]
    if size != scores.nbytes or not scores.flags.c_contiguous:
        return read_table(path)
    if offset + size > os.path.getsize(path):
        raise TableError(f'{path}: not a whole pickle file (its end is missing). Write it again.')
    mapped = np.memmap(path, scores.dtype, 'r', offset, scores.shape)
    return PredictionTable(content['ids'], mapped, content['kind'], content.get('classes'),
                           {**content.get('origin', {}), 'file': str(path)})


def _load(path: str | os.PathLike) -> tuple[dict | None, list[tuple[int, int]]]:
    """The content of a file of ours with large arrays left unread, and where those are."""
    if not Path(path).is_file():
        raise TableError(f'{path}: no such file. Check the path.')
    with open(path, 'rb') as file:
        if FORMAT.encode() not in file.read(128):
            return None, []
        file.seek(0)
        skipping = _SkippingFile(file)
        try:
            content = NumberUnpickler(skipping, str(path)).load()
        except TableError:
            raise
        except Exception as error:  # a torn pickle can raise anything
            raise TableError(f'{path}: not a whole pickle file ({error}). Write it again.') from error
    whole = content.get('version') == VERSION and {'ids', 'scores', 'kind'} <= content.keys()
    return (content, skipping.skipped) if whole else (None, [])  # `read_table` says what is wrong
