"""Members of zip archives, read by name from any process.

The table of contents is read once, as arrays that forked workers share; a
million names take some 50 MB. Each process opens the archives for itself at
its first read, and reads at an offset, so no position is shared either.
"""
import os
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from mmcomp.errors import DataError, fault, shorten

# Open files by process and identity of the file, the last used at the end: a fork makes its own, a file written anew
# is opened anew.
_HANDLES: OrderedDict[tuple, int] = OrderedDict()
MAX_OPEN = 64
LOCAL_HEADER = struct.Struct('<4s22xHH')


class ZipMembers:
    """The members of one or several archives by name, stored or deflated.

    Args:
        paths: The archives.

    Raises:
        DataError: If one is missing or no zip archive, or a name occurs twice.
    """

    def __init__(self, paths: Sequence[str | os.PathLike]):
        self.paths = [str(path) for path in paths]
        self.files = [_identity(path) for path in self.paths]
        columns = [_contents(path, number) for number, path in enumerate(self.paths)]
        names = [name.encode() for own, _ in columns for name in own]
        self.names = np.array(names, dtype='S') if names else np.empty(0, 'S1')
        self.table = np.concatenate([own for _, own in columns])
        order = np.argsort(self.names, kind='stable')
        self.names, self.table = self.names[order], self.table[order]
        twice = self.names[1:][self.names[1:] == self.names[:-1]]
        if len(twice):
            raise DataError(fault(shorten(self.paths), 'members', 'unique', shorten(name.decode() for name in twice),
                                  'Keep one of each.'))

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: str) -> bool:
        return self._row(name) >= 0

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of some names that are no member."""
        wanted = list(names)
        if not len(self.names):
            return wanted
        keys = np.array([name.encode() for name in wanted], dtype='S')
        at = np.searchsorted(self.names, keys).clip(max=len(self.names) - 1)
        return [wanted[row] for row in np.flatnonzero(self.names[at] != keys)]

    def read(self, name: str) -> bytes:
        """The content of a member.

        Raises:
            DataError: If there is no such member, or it is damaged.
        """
        row = self._row(name)
        if row < 0:
            raise DataError(f'{shorten(self.paths)}: no member {name}. Write the archive anew, or leave it out.')
        number, offset, size, method, checksum = self.table[row].tolist()
        file, where = self._handle(number), f'{self.paths[number]}, {name}'
        magic, *skipped = LOCAL_HEADER.unpack(os.pread(file, LOCAL_HEADER.size, offset))
        data = os.pread(file, size, offset + LOCAL_HEADER.size + sum(skipped))
        try:
            data = zlib.decompress(data, -15) if method == zipfile.ZIP_DEFLATED else data
        except zlib.error:
            data = b''
        if magic != b'PK\3\4' or zlib.crc32(data) != checksum:
            raise DataError(f'{where}: the member is damaged. Write the archive anew.')
        return data

    def _row(self, name: str) -> int:
        key = name.encode()
        row = int(np.searchsorted(self.names, key))
        return row if row < len(self.names) and self.names[row] == key else -1

    def _handle(self, number: int) -> int:
        key = (os.getpid(), self.paths[number], *self.files[number])
        if key not in _HANDLES:
            while len(_HANDLES) >= MAX_OPEN:
                os.close(_HANDLES.popitem(last=False)[1])
            _HANDLES[key] = os.open(self.paths[number], os.O_RDONLY)
        _HANDLES.move_to_end(key)
        return _HANDLES[key]


def _identity(path: str) -> tuple[int, int]:
    try:
        told = os.stat(path)
    except FileNotFoundError:
        raise DataError(f'{path}: no such archive. Check the path, or extract the features first.') from None
    return told.st_ino, told.st_mtime_ns


def _contents(path: str, number: int) -> tuple[list[str], np.ndarray]:
    """Names, and number of the archive, offset, size, method and checksum of each, ``(n, 5)`` int64."""
    try:
        with zipfile.ZipFile(Path(path)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except zipfile.BadZipFile as error:
        raise DataError(f'{path}: not a whole zip archive ({error}). Write it anew.') from error
    strange = [m.filename for m in members if m.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)]
    if strange:
        raise DataError(fault(path, 'compression', 'none, or deflation', shorten(strange), 'Pack it with `zip -0`.'))
    rows = [(number, m.header_offset, m.compress_size, m.compress_type, m.CRC) for m in members]
    return [m.filename for m in members], np.array(rows, np.int64).reshape(-1, 5)
