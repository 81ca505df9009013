"""Tables of many gigabytes: their headers without the scores, their scores without a copy."""
import io
import os

import numpy as np

from mmcomp.errors import TableError
from mmcomp.predictions.formats.mapped_table import open_mapped, read_manifest
from mmcomp.predictions.formats.npz_table import npz_header
from mmcomp.predictions.formats.safe_pickle import unpickle
from mmcomp.predictions.tables import FORMAT, form_of, from_content, is_ours, read_table
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
    minutes; their headers take milliseconds. CSV, parquet and older forms have
    no header; they give ``{'origin': {}}`` and are not read at all.

    Returns:
        ``origin`` and, for our own files, ``classes``, ``kind`` and ``shape``; ``top`` where rows keep so many
        classes alone.

    Raises:
        TableError: If the file is missing, torn or unsafe.
    """
    form = form_of(path)
    if form == 'npz':
        return npz_header(path)
    if form == 'mapped':
        content = read_manifest(path)
        table = open_mapped(path)
        top = {'top': content['top']} if 'top' in content else {}
        return dict(origin=content.get('origin') or {}, classes=table.classes, kind=table.kind,
                    shape=table.scores.shape, **top)
    content = _load(path)[0] if form == 'pickle' else None
    if content is None:
        return {'origin': {}}
    table = from_content(content, path)
    return dict(origin=content.get('origin') or {}, classes=table.classes, kind=table.kind, shape=table.scores.shape)


def open_table(path: str | os.PathLike) -> PredictionTable:
    """:func:`read_table`, with the scores of a large file mapped and not read.

    Memory then holds only the rows that are looked at. The scores are
    read-only. Small files and those of older forms are read as usual.
    """
    form = form_of(path)
    if form == 'mapped':
        return open_mapped(path)
    content, skipped = _load(path) if form == 'pickle' else (None, [])
    if content is None or len(skipped) != 1 or not isinstance(content.get('scores'), np.ndarray):
        return read_table(path)
    scores, (offset, size) = content['scores'], skipped[0]
    if size != scores.nbytes or not scores.flags.c_contiguous:
        return read_table(path)
    if offset + size > os.path.getsize(path):
        raise TableError(f'{path}: not a whole pickle file (its end is missing). Write it again.')
    mapped = np.memmap(path, scores.dtype, 'r', offset, scores.shape)
    return from_content({**content, 'scores': mapped}, path)


def _load(path: str | os.PathLike) -> tuple[dict | None, list[tuple[int, int]]]:
    """The content of a file of ours with large arrays left unread, and where those are."""
    with open(path, 'rb') as file:
        if FORMAT.encode() not in file.read(128):
            return None, []
        skipping = _SkippingFile(file)
        content = unpickle(file, path, skipping)
    return (content, skipping.skipped) if isinstance(content, dict) and is_ours(content) else (None, [])
