"""The checkpoints that go into a soup: opened, matched with each other, told apart."""
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch

from mmcomp.checkpoints.loading import state_dict_of
from mmcomp.checkpoints.mapped_archive import load_weights
from mmcomp.checkpoints.tensor_files import raw_bytes
from mmcomp.errors import CheckpointError, did_you_mean, fault, shorten

# Where trainers keep exponential moving averages beside the weights.
EMA_KEYS = ('ema_state_dict', 'state_dict_ema', 'model_ema', 'ema')
WHICH = ('saved', 'ema', 'raw')
# What may lie in a file beside the bytes of tensors that share storages.
SLACK_BYTES = 1 << 24


@dataclass(frozen=True)
class Member:
    """One checkpoint of a soup.

    Args:
        path: Its file.
        tensors: The model's tensors by name, mapped where the file allows it.
        meta: What else is known of it.
    """
    path: Path
    tensors: dict[str, torch.Tensor]
    meta: dict

    @property
    def name(self) -> str:
        return self.path.name

    @cached_property
    def digest(self) -> str:
        """A hash of the tensors alone: a copy, or the file without its optimizer, has the same."""
        found = hashlib.sha256()
        for name in sorted(self.tensors):
            tensor = self.tensors[name]
            found.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}\n'.encode())
            found.update(raw_bytes(tensor))
        return found.hexdigest()[:16]

    def has_batch_norm(self) -> bool:
        """Whether running statistics are among the tensors."""
        return any(name.endswith('running_var') for name in self.tensors)


def open_members(paths: Sequence[str | os.PathLike], which: str = 'saved') -> list[Member]:
    """Open checkpoints and see that they fit together.

    Names differ only by what wraps a model (``module.``, ``_orig_mod.``; or
    ``model.`` before every name of a file) are the same name.

    Args:
        paths: At least one file, ``.pth`` or ``.safetensors``.
        which: See :func:`weights_of`.

    Raises:
        CheckpointError: If a file is unreadable, or names, shapes, kinds of
            numbers or class names differ from those of the first member.
    """
    if not paths:
        raise CheckpointError('model soup: no checkpoints given. Name at least one.')
    members = _without_model_prefix([_open(Path(path).expanduser(), which) for path in paths])
    for member in members[1:]:
        _refuse_differences(members[0], member)
    return members


def _open(path: Path, which: str) -> Member:
    checkpoint = load_weights(path)
    tensors = weights_of(checkpoint, which, path)
    _refuse_odd_storage(path, tensors)
    meta = checkpoint.get('meta')
    return Member(path, tensors, meta if isinstance(meta, dict) else {})


def weights_of(checkpoint: Mapping, which: str, where: object) -> dict[str, torch.Tensor]:
    """The model's tensors of a checkpoint, averaged over training steps or not.

    mmengine's ``EMAHook`` saves the averages as *the* weights and keeps the
    un-averaged ones in ``ema_state_dict``; other trainers do it the other way round.

    Args:
        checkpoint: A loaded file.
        which: ``saved``, what the file calls its weights; ``ema``, exponential
            moving averages; ``raw``, the weights without averaging.
        where: The file, for errors.

    Raises:
        CheckpointError: If there are no weights, or none of that kind.
    """
    state = state_dict_of(checkpoint, where)
    key = next((k for k in EMA_KEYS if isinstance(checkpoint.get(k), Mapping)), None)
    if which == 'saved':
        return state
    if key is None:
        kind = 'averaged' if which == 'ema' else 'un-averaged'
        raise CheckpointError(f'{where}: no {" or ".join(f"`{k}`" for k in EMA_KEYS[:2])} in it, so no {kind} weights. '
                              'Take the weights as they are saved.')
    if which == ('ema' if key == EMA_KEYS[0] and _swapped(checkpoint) else 'raw'):
        return state
    other = state_dict_of({'state_dict': checkpoint[key]}, where)
    return {**state, **{name: tensor for name, tensor in other.items() if name in state}}


def _swapped(checkpoint: Mapping) -> bool:
    """Whether mmengine wrote the file, whose ``EMAHook`` makes the two kinds of weights change places."""
    meta = checkpoint.get('meta')
    return ('message_hub' in checkpoint or 'steps' in checkpoint[EMA_KEYS[0]]
            or (isinstance(meta, Mapping) and 'mmengine_version' in meta))


def _refuse_odd_storage(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Refuse what can't be averaged as it lies in the file, or would grow in memory beyond the file's size."""
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.device.type != 'cpu' or tensor.is_quantized:
            kind = 'quantized' if tensor.is_quantized else f'{tensor.device.type} {tensor.layout}'
            raise CheckpointError(fault(path, name, 'a dense tensor with data', kind, 'Save the model dense.'))
    claimed = {identity(tensor): tensor.nbytes for tensor in tensors.values()}
    if sum(claimed.values()) > path.stat().st_size + SLACK_BYTES:
        raise CheckpointError(f'{path}: refused, its tensors claim {sum(claimed.values()):,} bytes, more than '
                              'the file has. Nothing was run.')


def identity(tensor: torch.Tensor) -> tuple:
    """Equal for tensors that are one: same memory, shape and type."""
    return tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype


def _without_model_prefix(members: list[Member]) -> list[Member]:
    """Strip ``model.`` from members that have it before every name, if not all have."""
    prefixed = [all(name.startswith('model.') for name in member.tensors) for member in members]
    if all(prefixed) or not any(prefixed):
        return members
    return [replace(member, tensors={n.removeprefix('model.'): t for n, t in member.tensors.items()}) if strip
            else member for member, strip in zip(members, prefixed)]


def _refuse_differences(first: Member, other: Member) -> None:
    next_step = 'Average checkpoints of one config only.'
    missing, new = first.tensors.keys() - other.tensors.keys(), other.tensors.keys() - first.tensors.keys()
    if missing or new:
        close = did_you_mean(min(missing), new) if missing and new else ''
        both = (('lacks', missing), ('has', new))
        differences = [f'{what} {shorten(sorted(names))}' for what, names in both if names]
        raise CheckpointError(f'{other.path}: `state_dict` must be of the same names as {first.path}; it '
                              f'{" and ".join(differences)}.{close} {next_step}')
    for name, tensor in first.tensors.items():
        found = other.tensors[name]
        if tensor.shape != found.shape:
            raise CheckpointError(fault(other.path, name, f'of shape {tuple(tensor.shape)} as in {first.path}',
                                        tuple(found.shape), next_step))
        if is_averaged(tensor) != is_averaged(found) or tensor.is_complex() != found.is_complex():
            raise CheckpointError(fault(other.path, name, f'of a type like {tensor.dtype} as in {first.path}',
                                        found.dtype, next_step))
    names, others = (list((m.meta.get('dataset_meta') or {}).get('classes') or []) for m in (first, other))
    if names and others and names != others:
        at = next((i for i, (a, b) in enumerate(zip(names, others)) if a != b), min(len(names), len(others)))
        raise CheckpointError(f'{other.path}: `classes` must be those of {first.path}, in the same order; they differ '
                              f'from number {at} on ({names[at:at + 1]} and {others[at:at + 1]}). {next_step}')


def is_averaged(tensor: torch.Tensor) -> bool:
    """Whether a mean of such tensors makes sense: fractions do, counters and index tables don't."""
    return tensor.is_floating_point() or tensor.is_complex()
