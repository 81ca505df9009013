"""Pickles of numbers only.

``pickle.load`` runs whatever a file tells it to. Prediction files travel
between people, so the reader here admits numpy arrays, torch tensors and
builtin containers and refuses every other global by name, before it is called.
"""
import io
import os
import pickle
from importlib import import_module

from mmcomp.errors import TableError

_BUILTINS = {'dict', 'list', 'tuple', 'set', 'frozenset', 'bytearray', 'complex', 'slice', 'range',
             'int', 'float', 'str', 'bytes', 'bool', 'object'}
_NUMPY = {
    'numpy': {'ndarray', 'dtype', 'bool_', 'str_', 'float16', 'float32', 'float64', 'int32', 'int64'},
    'numpy.core.multiarray': {'_reconstruct', 'scalar'},
    'numpy.core.numeric': {'_frombuffer'},
}
_TORCH = {
    'torch._utils': {'_rebuild_tensor_v2', '_rebuild_tensor'},
    'torch': {'Size', 'device', 'FloatStorage', 'HalfStorage', 'LongStorage', 'DoubleStorage', 'BFloat16Storage'},
}


def _tensor_storage(data: bytes):
    """What ``torch.storage._load_from_bytes`` does, without its unsafe load."""
    import torch
    return torch.load(io.BytesIO(data), weights_only=True)


class NumberUnpickler(pickle.Unpickler):
    """Unpickles numpy arrays, torch tensors and builtins; refuses the rest by name."""

    def __init__(self, file, name: str):
        super().__init__(file)
        self._name = name

    def find_class(self, module: str, name: str):
        numpy_module = module.replace('numpy._core', 'numpy.core')
        if module in ('builtins', '__builtin__') and name in _BUILTINS:
            return getattr(import_module('builtins'), name)
        if (module, name) in {('collections', 'OrderedDict'), ('_codecs', 'encode')}:
            return getattr(import_module(module), name)
        if name in _NUMPY.get(numpy_module, ()):
            # The private module has either name, by numpy's major version.
            return getattr(import_module(numpy_module.replace('numpy.core', 'numpy._core')), name)
        if (module, name) == ('torch.storage', '_load_from_bytes'):
            return _tensor_storage
        if name in _TORCH.get(module, ()):
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
            return NumberUnpickler(file, str(path)).load()
    except FileNotFoundError:
        raise TableError(f'{path}: no such file. Check the path.') from None
    except TableError:
        raise
    except Exception as error:  # a torn pickle can raise anything
        raise TableError(
            f'{path}: not a whole pickle file ({type(error).__name__}: {error}). Write it again.') from error
