"""One loader for checkpoints, which never runs what a file asks for.

``torch.load(weights_only=True)`` alone refuses every file of mmengine's
Runner: its log history pickles ``HistoryBuffer`` objects and, through them,
``builtins.getattr``. Stock mmengine then falls back to an unsafe load. Here
torch's restricted unpickler is taught those two names, as an inert stand-in and
as a ``getattr`` that touches nothing else, and the two curves that the one-cycle
schedule saves by name; every other global is refused.
"""
import os
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch

from mmcomp.compat import map_checkpoint_keys
from mmcomp.errors import CheckpointError, shorten


class _HistoryStandIn:
    """Takes the state of a pickled ``HistoryBuffer`` and does nothing with it."""

    def __setstate__(self, state: dict) -> None:
        self.state = state


class _OneCycleStandIn:
    """For the schedule ``OneCycleLR``, whose state names its curve as an attribute of the class."""


CURVES = ('_annealing_cos', '_annealing_linear')  # functions of three numbers


def _inert_getattr(owner: object, name: str) -> object:
    """The uses a Runner's file has for ``getattr``: naming a statistic or a curve."""
    if owner is _OneCycleStandIn and name in CURVES:
        from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler
        return getattr(OneCycleParamScheduler, name)
    if owner is not _HistoryStandIn or not isinstance(name, str):
        raise CheckpointError('refused: the file calls `getattr` on something else than a log history')
    return None


def _allowed_globals() -> list:
    reconstruct, scalar = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
    dtypes = {type(np.dtype(code)) for code in np.typecodes['All'] if code not in 'O'}
    return [
        (_HistoryStandIn, 'mmengine.logging.history_buffer.HistoryBuffer'),
        (_OneCycleStandIn, 'mmengine.optim.scheduler.param_scheduler.OneCycleParamScheduler'),
        *((_inert_getattr, f'{module}.getattr') for module in ('builtins', '__builtin__')),
        *((reconstruct, f'numpy.{core}.multiarray._reconstruct') for core in ('core', '_core')),
        *((scalar, f'numpy.{core}.multiarray.scalar') for core in ('core', '_core')),
        np.ndarray, np.dtype, *dtypes,
    ]  # yapf: disable


def load_checkpoint(path: str | os.PathLike, map_location: object = 'cpu', mmap: bool = False) -> dict:
    """Load a checkpoint file; numbers, texts and containers only.

    Args:
        path: A local file written by ``torch.save`` or mmengine's Runner, or a
            ``.safetensors`` file.
        map_location: As of ``torch.load``.
        mmap: Map the tensors instead of reading them, where the file's format
            allows it.

    Raises:
        CheckpointError: If the file is missing, torn or holds anything else,
            which is then named.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise CheckpointError(f'{path}: no such checkpoint file. Check the path.')
    try:
        if path.suffix == '.safetensors':
            return _load_safetensors(path, map_location, mmap)
        checkpoint = _load(path, map_location, mmap)
    except CheckpointError as error:
        raise CheckpointError(f'{path}: {error}. Nothing was run.') from None
    except Exception as error:  # a torn or hostile file can raise anything
        raise CheckpointError(_explain(path, error)) from error
    return _with_history(checkpoint)


def _load_safetensors(path: Path, map_location: object, mmap: bool) -> dict:
    from mmcomp.checkpoints.tensor_files import open_tensors
    tensors, meta = open_tensors(path)
    device = torch.device(map_location if isinstance(map_location, str | torch.device) else 'cpu')
    if device.type != 'cpu' or not mmap:
        tensors = {name: tensor.to(device, copy=True) for name, tensor in tensors.items()}
    return {'meta': meta, 'state_dict': tensors}


def _load(path: Path, map_location: object, mmap: bool):
    zipped = zipfile.is_zipfile(path)
    if zipped:
        with zipfile.ZipFile(path) as archive:
            refuse_inflation(archive.infolist(), path.stat().st_size)
    mmap = mmap and zipped
    with torch.serialization.safe_globals(_allowed_globals()):
        return torch.load(path, map_location=map_location, weights_only=True, mmap=mmap)


def refuse_inflation(records: Iterable[zipfile.ZipInfo], size: int) -> None:
    """Refuse an archive that would unpack to more than it is: torch stores its records as they are, each once.

    Args:
        records: All its entries.
        size: Its bytes on the disk.
    """
    records = list(records)
    packed = [record.filename for record in records if record.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise CheckpointError(f'refused: {shorten(packed, 2)} is compressed, which torch.save never does')
    if sum(record.file_size for record in records) > size:
        raise CheckpointError('refused: its records claim more bytes than the file has')


def _explain(path: Path, error: Exception) -> str:
    refused = re.search(r'GLOBAL (\S+)|module `?(\S+?)`? whose', str(error))
    if refused:
        name = refused.group(1) or refused.group(2)
        return (f'{path}: refused, for it asks for `{name}`, which is no tensor, number or text. Nothing was run. '
                'Ask its author for a file with the `state_dict` alone.')
    reason = str(error).splitlines()[0] if str(error) else ''
    return (f'{path}: not a whole checkpoint file ({type(error).__name__}: {reason[:160]}). '
            'It may be torn by a full disk or a killed run; use an older one or copy it again.')


def _with_history(checkpoint: object) -> dict:
    """Put mmengine's own log histories back where the stand-ins are."""
    if not isinstance(checkpoint, dict):
        return checkpoint
    hub = checkpoint.get('message_hub')
    scalars = hub.get('log_scalars') if isinstance(hub, dict) else None
    for name, standin in (scalars or {}).items():
        if isinstance(standin, _HistoryStandIn):
            from mmengine.logging import HistoryBuffer
            state = standin.state
            scalars[name] = HistoryBuffer(state['_log_history'], state['_count_history'], state['max_length'])
    return checkpoint


def state_dict_of(checkpoint: Mapping, where: object = 'checkpoint') -> dict[str, torch.Tensor]:
    """The model's tensors in a checkpoint, under ``state_dict``, ``model`` or bare.

    Prefixes of wrappers (``module.`` of DDP, ``_orig_mod.`` of
    ``torch.compile``, also of a part of the model) are removed.

    Raises:
        CheckpointError: If there are none, or two come to one name.
    """
    state = checkpoint
    for key in ('state_dict', 'model', 'module'):
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
    found = {k: v for k, v in state.items() if isinstance(v, torch.Tensor)} if isinstance(state, Mapping) else {}
    tensors = {unwrapped(k): v for k, v in found.items()}
    if not tensors:
        keys = shorten(checkpoint) if isinstance(checkpoint, Mapping) else type(checkpoint).__name__
        raise CheckpointError(f'{where}: no model weights in it; it holds {keys}. Pass a training checkpoint.')
    if len(tensors) < len(found):
        twice = [k for k in found if k != unwrapped(k) and unwrapped(k) in found]
        raise CheckpointError(f'{where}: {shorten(twice or found)} and the same names without a wrapper\'s prefix are '
                              'both in it. Keep one of them.')
    return tensors


def unwrapped(name: str) -> str:
    """A parameter's name without what DDP and ``torch.compile`` put into it."""
    return re.sub(r'(?<![^.])_orig_mod\.', '', re.sub(r'^((module|_orig_mod)\.)+', '', str(name)))


def renamed(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state dict with the parameter names of older releases made today's."""
    new_name = map_checkpoint_keys(state)
    return {new_name.get(k, k): v for k, v in state.items() if new_name.get(k, k) is not None}
