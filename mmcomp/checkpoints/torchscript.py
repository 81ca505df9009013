"""Tensors out of a TorchScript archive, without running what is in it.

CLIP was published as such. An archive holds the state of nested modules beside their code; here the modules come as
plain dicts, the code is never looked at, and a global that is neither a module nor part of a tensor is refused by name.
"""
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import torch

from mmcomp.checkpoints.loading import refuse_inflation
from mmcomp.errors import CheckpointError

STORAGES = {f'{name}Storage': dtype for name, dtype in dict(
    Half=torch.float16, BFloat16=torch.bfloat16, Float=torch.float32, Double=torch.float64, Long=torch.int64,
    Int=torch.int32, Short=torch.int16, Char=torch.int8, Byte=torch.uint8, Bool=torch.bool).items()}  # yapf: disable


class _Module:
    """Takes the attributes of a pickled module, and is nothing else."""

    def __setstate__(self, state: object) -> None:
        self.state = state if isinstance(state, dict) else {}


def is_torchscript(path: str | os.PathLike) -> bool:
    """Whether a file is an archive of ``torch.jit.save``."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith('/constants.pkl') for name in archive.namelist())


def torchscript_state(path: str | os.PathLike) -> dict[str, torch.Tensor]:
    """Parameters and buffers of the module in an archive, by name.

    Raises:
        CheckpointError: If it holds something else, or is torn.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            # Code may be compressed; what is read here is not.
            refuse_inflation([record for record in archive.infolist() if '/code/' not in record.filename],
                             path.stat().st_size)
            name = next(name for name in archive.namelist() if name.endswith('/data.pkl'))
            root = _Reader(archive, name).load()
    except CheckpointError as error:
        raise CheckpointError(f'{path}: {error}. Nothing was run.') from None
    except Exception as error:  # a torn or hostile file can raise anything
        raise CheckpointError(f'{path}: not a whole TorchScript archive ({type(error).__name__}: '
                              f'{str(error)[:160]}). Copy it again.') from error
    found = dict(_tensors(root, ''))
    if not found:
        raise CheckpointError(f'{path}: no tensors in it. Pass an archive of a module.')
    return found


def _tensors(value: object, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, _Module):
        for key, member in getattr(value, 'state', {}).items():
            yield from _tensors(member, f'{name}.{key}' if name else str(key))


def _rebuild(storage: torch.Tensor, offset: int, size: tuple, stride: tuple, *rest) -> torch.Tensor:
    """A view of a storage, which torch refuses where it reaches beyond it."""
    return storage.as_strided(size, stride, offset)


def _same(value: object, *rest) -> object:
    return value


class _Reader(pickle.Unpickler):

    def __init__(self, archive: zipfile.ZipFile, name: str):
        super().__init__(io.BytesIO(archive.read(name)))
        self.archive, self.folder, self.storages = archive, name.rpartition('/')[0], {}

    def find_class(self, module: str, name: str) -> object:
        if module == '__torch__' or module.startswith('__torch__.'):
            return _Module
        if (module, name) in (('torch._utils', '_rebuild_tensor_v2'), ('collections', 'OrderedDict')):
            return _rebuild if name.startswith('_') else OrderedDict
        if module == 'torch' and name in STORAGES:
            return STORAGES[name]
        if module == 'torch.jit._pickle' and (name.startswith('build_') or name == 'restore_type_tag'):
            return _same  # lists of one type
        raise CheckpointError(f'refused, for it asks for `{module}.{name}`, which is no module, tensor or number')

    def persistent_load(self, pid: object) -> torch.Tensor:
        kind, dtype, key, _, _ = pid
        if kind != 'storage' or not isinstance(dtype, torch.dtype):
            raise CheckpointError(f'refused, for it asks for a stored {kind!r}')
        if key not in self.storages:
            content = bytearray(self.archive.read(f'{self.folder}/data/{key}'))
            self.storages[key] = torch.frombuffer(content, dtype=dtype) if content else torch.empty(0, dtype=dtype)
        return self.storages[key]
