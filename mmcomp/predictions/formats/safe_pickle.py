"""Pickles of numbers only.

``pickle.load`` runs whatever a file tells it to. Prediction files travel
between people, so the reader here admits numpy arrays, torch tensors and
builtin containers and refuses every other global by name, before it is called.

What is admitted cannot be used to fill the memory either: the opcodes are
looked through first, so that no length or memo index in them exceeds the file,
and arrays get no more memory than there are bytes for them.
"""
import io
import os
import pickle
from importlib import import_module

import numpy as np

from mmcomp.errors import TableError
from mmcomp.predictions.formats.pickle_scan import scan

# Containers are built by opcodes; by name they come as empty ones or made of what is there.
_BUILTINS = {'dict', 'list', 'tuple', 'set', 'frozenset', 'complex', 'slice', 'int', 'float', 'str', 'bool', 'object'}
_NUMPY = {'numpy': {'bool_', 'str_', 'float16', 'float32', 'float64', 'int32', 'int64'}}
_TORCH = {
    'torch._utils': {'_rebuild_tensor_v2', '_rebuild_tensor'},
    'torch': {'Size', 'device', 'FloatStorage', 'HalfStorage', 'LongStorage', 'DoubleStorage', 'BFloat16Storage'},
}


class _Array(np.ndarray):
    """An array that takes a state only if there is a byte for each of its bytes."""

    def __setstate__(self, state):
        _, shape, dtype, _, content = state
        size = len(content) * (dtype.itemsize if isinstance(content, list) else 1)
        _need(shape, dtype, size)
        super().__setstate__(state)


class _ArrayType:
    """Stands for ``numpy.ndarray`` where a pickle names it, and makes nothing."""


def _need(shape: tuple, dtype: np.dtype, size: int) -> None:
    """Refuse an array of more bytes than there are."""
    count = 1
    for length in shape:
        count *= int(length)
    if count * dtype.itemsize != size or any(length < 0 for length in shape):
        raise ValueError(f'an array {shape} {dtype} of {size} bytes')


def _reconstruct(subtype, shape, typecode):
    if subtype is not _ArrayType:
        raise ValueError('an array of a foreign type')
    return np.ndarray.__new__(_Array, (0, ), 'b')


def _frombuffer(buffer, dtype, shape, order, axis_order=None):
    _need(shape, dtype, len(memoryview(buffer).cast('B')))
    array = np.frombuffer(buffer, dtype=dtype)
    if order == 'K' and axis_order is not None:
        return array.reshape(shape, order='C').transpose(axis_order)
    return array.reshape(shape, order=order)


def _scalar(dtype, content=b''):
    _need((), dtype, len(content))
    return np.frombuffer(content, dtype)[0]


def _dtype(name, align=False, copy=False):
    return np.dtype(name, align=align, copy=copy)


def _some_bytes(kind: type, *args):
    """``bytes`` and ``bytearray`` of a text or of bytes, not of a number or a range of them."""
    if args and not isinstance(args[0], (str, bytes, bytearray)):
        raise ValueError(f'{kind.__name__} of {type(args[0]).__name__}')
    return kind(*args)


def _bytes(*args):
    return _some_bytes(bytes, *args)


def _bytearray(*args):
    return _some_bytes(bytearray, *args)


def _tensor_storage(data: bytes):
    """What ``torch.storage._load_from_bytes`` does, without its unsafe load."""
    import torch
    return torch.load(io.BytesIO(data), weights_only=True)


_STAND_INS = {
    ('builtins', 'bytes'): _bytes, ('builtins', 'bytearray'): _bytearray,
    ('numpy', 'ndarray'): _ArrayType, ('numpy', 'dtype'): _dtype,
    ('numpy.core.multiarray', '_reconstruct'): _reconstruct, ('numpy.core.multiarray', 'scalar'): _scalar,
    ('numpy.core.numeric', '_frombuffer'): _frombuffer,
    ('torch.storage', '_load_from_bytes'): _tensor_storage,
}  # yapf: disable


class NumberUnpickler(pickle.Unpickler):
    """Unpickles numpy arrays, torch tensors and builtins; refuses the rest by name."""

    def __init__(self, file, name: str):
        super().__init__(file)
        self._name = name

    def find_class(self, module: str, name: str):
        # The private modules have either name, by numpy's major version; `__builtin__` is Python 2's.
        known = 'builtins' if module == '__builtin__' else module.replace('numpy._core', 'numpy.core')
        if (known, name) in _STAND_INS:
            return _STAND_INS[known, name]
        if known == 'builtins' and name in _BUILTINS:
            return getattr(import_module('builtins'), name)
        if (module, name) in {('collections', 'OrderedDict'), ('_codecs', 'encode')}:
            return getattr(import_module(module), name)
        if name in _NUMPY.get(known, ()) or name in _TORCH.get(module, ()):
            return getattr(import_module(module), name)
        raise TableError(
            f'{self._name}: refused, for its pickle asks for `{module}.{name}`, which is no number, text or array. '
            'Nothing was run. Do not load this file by other means unless you trust its author.')


def load_pickle(path: str | os.PathLike) -> object:
    """The object in a pickle of numpy arrays, torch tensors and builtins.

    Raises:
        TableError: Naming the first global that is none of these, or saying
            that the file is torn.
    """
    try:
        with open(path, 'rb') as file:
            return unpickle(file, path)
    except FileNotFoundError:
        raise TableError(f'{path}: no such file. Check the path.') from None


def unpickle(file, path: str | os.PathLike, reader=None) -> object:
    """:func:`load_pickle` of an open file; ``reader`` stands for it while it is unpickled.

    Raises:
        TableError: As there.
    """
    try:
        scan(file)
        file.seek(0)
        return NumberUnpickler(reader or file, str(path)).load()
    except TableError:
        raise
    except Exception as error:  # a torn pickle can raise anything
        raise TableError(
            f'{path}: not a whole pickle file ({type(error).__name__}: {error}). Write it again.') from error
