"""What a table file says about itself, without reading its scores."""
import io
import os
from pathlib import Path

from mmcomp.errors import TableError
from mmcomp.predictions.safe_pickle import _Unpickler
from mmcomp.predictions.tables import FORMAT

SKIP_ABOVE = 1 << 26  # bytes: ids, names and pickle frames stay below, scores of many classes above


class _SkippingFile(io.RawIOBase):
    """A file that seeks over large reads, so that the reader gets untouched memory."""

    def __init__(self, file):
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size <= SKIP_ABOVE:
            return self._file.read(size)
        self._file.seek(size, os.SEEK_CUR)
        return bytes(size)

    def readinto(self, buffer) -> int:
        if len(buffer) <= SKIP_ABOVE:
            return self._file.readinto(buffer)
        self._file.seek(len(buffer), os.SEEK_CUR)
        return len(buffer)

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
    if not Path(path).is_file():
        raise TableError(f'{path}: no such file. Check the path.')
    with open(path, 'rb') as file:
        start = file.read(128)
        if FORMAT.encode() not in start:
            return {'origin': {}}
        file.seek(0)
        try:
            content = _Unpickler(_SkippingFile(file), str(path)).load()
        except TableError:
            raise
        except Exception as error:  # a torn pickle can raise anything
            raise TableError(f'{path}: not a whole pickle file ({error}). Write it again.') from error
    return dict(origin=content.get('origin', {}), classes=content.get('classes'),
                kind=content['kind'], shape=content['scores'].shape)
