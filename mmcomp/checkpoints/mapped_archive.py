"""The tensors of a ``.pth`` archive, mapped without looking at those of the optimizer.

``torch.load(mmap=True, weights_only=True)`` builds every tensor of a training
checkpoint and reads a header on the disk for each; two of three are AdamW's.
Here tensors stay descriptions, and only those asked for are looked up.

What is not plain (another name, a view beyond its record, an old format) is
left to :func:`mmcomp.checkpoints.loading.load_checkpoint`, which knows more
names and says what it refuses.
"""
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch

from mmcomp.checkpoints.loading import load_checkpoint, refuse_inflation

# Of a Runner's file these are neither weights nor about them.
UNUSED = ('optimizer', 'param_schedulers', 'message_hub')
STORAGES = {
    'FloatStorage': torch.float32, 'DoubleStorage': torch.float64, 'HalfStorage': torch.float16,
    'BFloat16Storage': torch.bfloat16, 'LongStorage': torch.int64, 'IntStorage': torch.int32,
    'ShortStorage': torch.int16, 'CharStorage': torch.int8, 'ByteStorage': torch.uint8, 'BoolStorage': torch.bool,
}  # yapf: disable
LOCAL_HEADER = 30


class NotPlainError(Exception):
    """The archive holds something that is not read here."""


class Piece(NamedTuple):
    """A tensor that is described and not yet made."""
    dtype: torch.dtype
    record: str
    offset: int
    shape: tuple
    stride: tuple


def load_weights(path: str | os.PathLike) -> dict:
    """A checkpoint with its tensors mapped, its optimizer, schedulers and log left out.

    Raises:
        CheckpointError: As :func:`~mmcomp.checkpoints.loading.load_checkpoint`.
    """
    path = Path(path).expanduser()
    try:
        return _load(path)
    except Exception:  # whatever it is, the other loader names it
        checkpoint = load_checkpoint(path, mmap=True)
    if not isinstance(checkpoint, dict):
        return checkpoint
    return {key: {} if key in UNUSED else value for key, value in checkpoint.items()}


def _load(path: Path) -> dict:
    with zipfile.ZipFile(path) as archive:
        records = {record.filename: record for record in archive.infolist()}
        refuse_inflation(records.values(), path.stat().st_size)
        pickled = next(name for name in records if name.count('/') == 1 and name.endswith('/data.pkl'))
        folder = pickled.removesuffix('data.pkl')
        if archive.read(f'{folder}byteorder') != b'little' or len(records) < len(archive.infolist()):
            raise NotPlainError(path)
        content = _Unpickler(archive.read(pickled)).load()
    if not isinstance(content, dict):
        raise NotPlainError(path)
    with open(path, 'rb') as file:
        size = os.fstat(file.fileno()).st_size
        mapped = torch.UntypedStorage.from_file(os.fspath(path), shared=False, nbytes=size)
        made: dict[Piece, torch.Tensor] = {}

        def make(piece: Piece) -> torch.Tensor:
            if piece not in made:
                made[piece] = _view(file.fileno(), mapped, records[f'{folder}data/{piece.record}'], piece)
            return made[piece]

        return {key: {} if key in UNUSED else _made(value, make) for key, value in content.items()}


def _made(value: object, make: Callable[[Piece], torch.Tensor]) -> object:
    """A copy of nested containers with tensors in the places of pieces."""
    if isinstance(value, Piece):
        return make(value)
    if isinstance(value, _Opaque):
        raise NotPlainError('a number of numpy among the weights')
    if isinstance(value, Mapping):
        return type(value)((key, _made(inner, make)) for key, inner in value.items())
    if type(value) in (list, tuple):
        return type(value)(_made(inner, make) for inner in value)
    return value


def _view(file: int, mapped: torch.UntypedStorage, record: zipfile.ZipInfo, piece: Piece) -> torch.Tensor:
    """A piece as a view of the mapped file, inside its record."""
    header = os.pread(file, LOCAL_HEADER, record.header_offset)
    name, extra = int.from_bytes(header[26:28], 'little'), int.from_bytes(header[28:30], 'little')
    begin, width = record.header_offset + LOCAL_HEADER + name + extra, piece.dtype.itemsize
    numbers = (piece.offset, *piece.shape, *piece.stride)
    last = piece.offset + sum((n - 1) * step for n, step in zip(piece.shape, piece.stride, strict=True))
    plain = (header[:4] == b'PK\3\4' and all(type(n) is int and n >= 0 for n in numbers) and begin % width == 0
             and begin + record.file_size <= mapped.nbytes())
    if not plain or (0 not in piece.shape and (last + 1) * width > record.file_size):
        raise NotPlainError(record.filename)
    tensor = torch.empty(0, dtype=piece.dtype)
    if 0 in piece.shape:
        return tensor.view(piece.shape)
    return tensor.set_(mapped, begin // width + piece.offset, piece.shape, piece.stride)


class _Opaque:
    """Numpy's arrays and numbers and the log's history, whatever they hold."""

    def __setstate__(self, state: object) -> None:
        pass


class _Unpickler(pickle._Unpickler):
    """Reads a checkpoint's pickle; every name it can ask for is one of these harmless ones.

    What the names stand for is made anew for every file, so that a hostile one
    can spoil nothing that outlives it. In Python, for nine bytes make the C
    version fill gigabytes: its memo is an array as long as the largest number in the file.
    """

    def __init__(self, content: bytes):
        super().__init__(io.BytesIO(content))
        opaque = type('Opaque', (_Opaque, ), {})

        def tensor(storage, offset, shape, stride, requires_grad=False, hooks=None, metadata=None):
            if metadata:
                raise NotPlainError('tensor with metadata')
            return Piece(*storage, offset, tuple(shape), tuple(stride))

        def parameter(data, requires_grad=True, hooks=None):
            return data

        def left_out(*arguments):
            return opaque()

        self.known = {
            ('collections', 'OrderedDict'): OrderedDict, ('torch._utils', '_rebuild_tensor_v2'): tensor,
            ('torch._utils', '_rebuild_parameter'): parameter, ('_codecs', 'encode'): left_out,
            ('mmengine.logging.history_buffer', 'HistoryBuffer'): opaque,
            **{(module, 'getattr'): left_out for module in ('builtins', '__builtin__')},
            **{('torch', name): (dtype, ) for name, dtype in STORAGES.items()},
            **{('numpy', name): left_out for name in ('dtype', 'ndarray')},
            **{(f'numpy.{core}.multiarray', name): left_out
               for core in ('core', '_core') for name in ('_reconstruct', 'scalar')},
        }  # yapf: disable

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in self.known:
            raise NotPlainError(f'{module}.{name}')
        return self.known[module, name]

    def persistent_load(self, saved: tuple) -> tuple:
        kind, (dtype, ), record, _, _ = saved
        if kind != 'storage' or not isinstance(record, str):
            raise NotPlainError(saved)
        return dtype, record
