"""``.safetensors`` files: mapped for reading, streamed for writing."""
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from mmcomp.errors import CheckpointError
from mmcomp.files import atomic_open

# The format's names. Sub-byte types and what torch lacks are refused.
DTYPES = {
    'BOOL': torch.bool, 'U8': torch.uint8, 'I8': torch.int8, 'I16': torch.int16, 'U16': torch.uint16,
    'I32': torch.int32, 'U32': torch.uint32, 'I64': torch.int64, 'U64': torch.uint64, 'F16': torch.float16,
    'BF16': torch.bfloat16, 'F32': torch.float32, 'F64': torch.float64, 'F8_E4M3': torch.float8_e4m3fn,
    'F8_E5M2': torch.float8_e5m2, 'C64': torch.complex64,
}  # yapf: disable
CODES = {dtype: code for code, dtype in DTYPES.items()}
# Our own entry of the metadata, JSON; other entries name tied tensors, as safetensors' save_model writes them.
META = 'mmcomp'


def open_tensors(path: str | os.PathLike) -> tuple[dict[str, torch.Tensor], dict]:
    """Map the tensors of a file; nothing of them is read before it is used.

    Tied tensors, of which the format keeps one, are put back under all their names.

    Returns:
        Tensors by name, and the ``meta`` that :func:`write_tensors` was given.

    Raises:
        CheckpointError: If a tensor has a type torch lacks. A broken header
            raises what safetensors' own reader raises.
    """
    from safetensors import safe_open
    with safe_open(path, framework='pt') as checked:  # its reader refuses overlaps, gaps and sizes that don't fit
        metadata = checked.metadata() or {}
    with open(path, 'rb') as file:
        length = int.from_bytes(file.read(8), 'little')
        header = json.loads(file.read(length))
        size = os.fstat(file.fileno()).st_size
    header.pop('__metadata__', None)
    mapped = torch.UntypedStorage.from_file(os.fspath(path), shared=False, nbytes=size) if size else None
    tensors = {name: _view(path, mapped, name, entry, 8 + length) for name, entry in header.items()}
    tied = {name: tensors[kept] for name, kept in metadata.items() if name not in tensors and kept in tensors}
    return tensors | tied, _meta(metadata)


def _view(path, mapped, name: str, entry: dict, start: int) -> torch.Tensor:
    if entry['dtype'] not in DTYPES:
        raise CheckpointError(f'{path}: `{name}` is of type {entry["dtype"]}, which can\'t be read here. '
                              'Convert it to F32, F16 or BF16.')
    dtype, (begin, end) = DTYPES[entry['dtype']], entry['data_offsets']
    raw = torch.empty(0, dtype=torch.uint8).set_(mapped, start + begin, (end - begin, ), (1, ))
    if raw.data_ptr() % dtype.itemsize:
        raw = raw.clone()
    return raw.view(dtype).view(entry['shape'])


def _meta(metadata: dict[str, str]) -> dict:
    try:
        meta = json.loads(metadata.get(META, '{}'))
    except ValueError:
        meta = None
    return meta if isinstance(meta, dict) else {}


def write_tensors(path: str | os.PathLike, plan: Mapping[str, tuple[torch.dtype, torch.Size]],
                  make: Callable[[str], torch.Tensor], tied: Mapping[str, str], meta: dict) -> None:
    """Write a file tensor by tensor, whole or not at all.

    Args:
        path: The file.
        plan: Type and shape of each tensor.
        make: Gives the tensor of a name; called once each, and none is kept.
        tied: Further names of tensors in the plan.
        meta: JSON values, found again by :func:`open_tensors`.

    Raises:
        CheckpointError: If a type is none of the format's.
    """
    # Wide types first, as safetensors does it, keeps every tensor aligned.
    names = sorted(plan, key=lambda name: (-plan[name][0].itemsize, name))
    header, at = {'__metadata__': {'format': 'pt', **tied, META: json.dumps(meta, default=_plain)}}, 0
    for name in names:
        dtype, shape = plan[name]
        if dtype not in CODES:
            raise CheckpointError(f'{path}: `{name}` is of type {dtype}, which .safetensors does not know. '
                                  'Write a .pth file.')
        end = at + shape.numel() * dtype.itemsize
        header[name] = {'dtype': CODES[dtype], 'shape': list(shape), 'data_offsets': [at, end]}
        at = end
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with atomic_open(Path(path), 'wb') as file:
        file.write(len(text).to_bytes(8, 'little') + text)
        for name in names:
            file.write(raw_bytes(make(name)))


def raw_bytes(tensor: torch.Tensor) -> memoryview:
    """The bytes of a tensor in C order, without a copy if it is contiguous."""
    return tensor.detach().reshape(-1).view(torch.uint8).numpy().data


def _plain(value: object) -> object:
    """Arrays, sets and numpy scalars as JSON lists and numbers; anything else as text."""
    if hasattr(value, 'tolist'):
        return value.tolist()
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
