"""A look through the opcodes of a pickle, without making any of its objects.

A pickle of a few bytes can ask the unpickler for a memo of 2^32 places, which
it fills before anything is checked. Ordinary picklers number their memo one
after the other, and no length exceeds what is left of the file.
"""
import os
import pickletools
from typing import BinaryIO

CHUNK = 1 << 20
# Kinds of arguments: so many bytes, a line or two, or a length in so many bytes and then that many.
_NONE, _FIXED, _LINES, _COUNTED = range(4)
_OF_READER = {
    'uint1': (_FIXED, 1), 'uint2': (_FIXED, 2), 'int4': (_FIXED, 4), 'uint4': (_FIXED, 4), 'uint8': (_FIXED, 8),
    'float8': (_FIXED, 8), 'string1': (_COUNTED, 1), 'string4': (_COUNTED, 4), 'bytes1': (_COUNTED, 1),
    'bytes4': (_COUNTED, 4), 'bytes8': (_COUNTED, 8), 'bytearray8': (_COUNTED, 8), 'unicodestring1': (_COUNTED, 1),
    'unicodestring4': (_COUNTED, 4), 'unicodestring8': (_COUNTED, 8), 'long1': (_COUNTED, 1), 'long4': (_COUNTED, 4),
    'stringnl_noescape_pair': (_LINES, 2),
}


def _table() -> list[tuple[str, int, int] | None]:
    """``(name, kind of argument, size)`` by opcode."""
    table: list = [None] * 256
    for op in pickletools.opcodes:
        reader = op.arg.name if op.arg else ''
        table[ord(op.code)] = (op.name, *(_OF_READER.get(reader, (_LINES, 1)) if reader else (_NONE, 0)))
    return table


_OPS = _table()
_PUTS = {'PUT', 'BINPUT', 'LONG_BINPUT'}
_NEVER = {'PERSID', 'BINPERSID', 'EXT1', 'EXT2', 'EXT4'}
_NUMBERED = {'PUT', 'BINPUT', 'LONG_BINPUT', 'MEMOIZE'}


class _Window:
    """Bytes of a file by position, a chunk at a time."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.size = os.fstat(file.fileno()).st_size
        self.start, self.bytes = 0, b''

    def get(self, at: int, count: int) -> bytes:
        if at < self.start or at + count > self.start + len(self.bytes):
            if at + count > self.size:
                raise ValueError('its end is missing')
            self.file.seek(at)
            self.start, self.bytes = at, self.file.read(max(CHUNK, count))
        return self.bytes[at - self.start:at - self.start + count]

    def line(self, at: int) -> bytes:
        length = 256
        while b'\n' not in (found := self.get(at, min(length, self.size - at))):
            if length >= self.size - at:
                raise ValueError('its end is missing')
            length *= 2
        return found[:found.index(b'\n') + 1]


def scan(file: BinaryIO) -> None:
    """Raise ``ValueError`` if a pickle is torn or asks for more memory than it has bytes.

    Args:
        file: An open file; it is read from its start, large contents are
            skipped, and it is left anywhere.
    """
    window, at, puts = _Window(file), 0, 0
    while True:
        op = _OPS[window.get(at, 1)[0]]
        if op is None:
            raise ValueError(f'no opcode at byte {at}')
        name, kind, size = op
        at += 1
        if name == 'STOP':
            return
        if name in _NEVER:
            raise ValueError(f'the opcode {name}, which refers to what is not in the file')
        start = at
        if kind == _FIXED:
            at += size
        elif kind == _COUNTED:
            at += size + int.from_bytes(window.get(at, size), 'little')
        elif kind == _LINES:
            for _ in range(size):
                at += len(window.line(at))
        if at > window.size or name == 'FRAME' and at + _index(window.get(start, 8), kind) > window.size:
            raise ValueError('its end is missing')
        if name in _NUMBERED:
            puts += 1
            if name in _PUTS and _index(window.get(start, at - start), kind) > 2 * puts + 1000:
                raise ValueError('a memo index beyond what it holds')


def _index(argument: bytes, kind: int) -> int:
    return int(argument) if kind == _LINES else int.from_bytes(argument, 'little')
