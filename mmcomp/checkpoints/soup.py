"""Model soups: weighted means of checkpoints of one architecture.

Source: Wortsman et al., *Model soups*, ICML 2022 (arXiv 2203.05482).
"""
import os
import re
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from pathlib import Path

import numpy as np
import torch

from mmcomp.checkpoints.mapped_archive import load_weights
from mmcomp.checkpoints.members import Member, identity, is_averaged, open_members
from mmcomp.checkpoints.tensor_files import write_tensors
from mmcomp.errors import CheckpointError, fault, shorten
from mmcomp.files import atomic_path

# Values averaged at a time: small enough to stay in a core's cache.
BLOCK = 1 << 18
SUFFIXES = ('.pth', '.safetensors')
KEPT_META = ('dataset_meta', 'cfg', 'mmengine_version')
Progress = Callable[[Iterable[str]], Iterable[str]]


def find_members(folder: str | os.PathLike, last: int | None = None) -> list[Path]:
    """The checkpoints of a work folder, oldest first.

    ``epoch_*`` and ``iter_*`` are taken where there are any, since ``best_*``
    repeats one of them; otherwise every ``*.pth`` and ``*.safetensors`` but
    soups, unless there is nothing else.

    Args:
        folder: A work folder of training.
        last: Keep only the newest so many.

    Raises:
        CheckpointError: If the folder holds fewer than asked for, or none.
    """
    if not Path(folder).is_dir():
        raise CheckpointError(f'{folder}: no such folder. Check the path.')
    if last is not None and last < 1:
        raise CheckpointError(fault('--last', 'number of checkpoints', 'at least 1', last, 'Correct it.'))
    files = sorted((f for f in Path(folder).glob('*') if f.suffix in SUFFIXES and not f.name.startswith('.')),
                   key=lambda file: (training_step(file), file.name))
    steps = [f for f in files if re.fullmatch(r'(epoch|iter)_\d+', f.stem)]
    members = steps or [f for f in files if not _is_soup(f)] or files
    if not members or (last is not None and last > len(members)):
        raise CheckpointError(fault(folder, 'number of checkpoints', f'at least {last or 1}', len(members),
                                    'Check the folder, or raise `max_keep_ckpts` in the training config.'))
    return members[-last:] if last else members


def _is_soup(path: Path) -> bool:
    try:
        meta = load_weights(path).get('meta')
    except CheckpointError:  # whoever opens it will say so
        return False
    return isinstance(meta, dict) and 'soup' in meta


def training_step(path: Path) -> int:
    """The epoch or iteration at the end of a checkpoint's name, or -1."""
    number = re.search(r'(\d+)$', path.stem)
    return int(number.group(1)) if number else -1


# ---------------------------------------------------------------- the mean


def weighted_mean(tensors: Sequence[torch.Tensor], shares: Sequence[float]) -> torch.Tensor:
    """The mean of tensors of one shape, block by block.

    Runs as a running mean, ``m += (x - m) * share / shares so far``, which
    unlike a sum divided at the end leaves equal tensors as they are, bit for
    bit. Kept in float32, or float64 where a tensor is.

    Args:
        tensors: At least one; fractions.
        shares: One each, at least 0, not all of them 0. What has none is not read.

    Returns:
        A new contiguous tensor of the widest type among them.
    """
    shape, dtype = tensors[0].shape, _widest([t.dtype for t in tensors])
    used = [(tensor.reshape(-1), share) for tensor, share in zip(tensors, shares, strict=True) if share]
    steps = [share / total for (_, share), total in zip(used, np.cumsum([share for _, share in used]).tolist())]
    out = torch.empty(shape, dtype=dtype)
    flat, kept = out.view(-1), _precise(dtype)
    for at in range(0, flat.numel(), BLOCK):
        place = flat[at:at + BLOCK]
        mean = place if dtype == kept else torch.empty_like(place, dtype=kept)
        mean.copy_(used[0][0][at:at + BLOCK])
        for (tensor, _), step in zip(used[1:], steps[1:]):
            _move(mean, tensor[at:at + BLOCK].to(kept), step)
        if mean is not place:
            place.copy_(mean)
    return out


def _move(mean: torch.Tensor, tensor: torch.Tensor, step: float) -> None:
    """Move ``mean`` by ``step`` of the way to ``tensor``, in place.

    From a half of the way on ``lerp`` subtracts from its end, which leaves -0.
    and every other number as it is where both are equal; so ends change places.
    """
    if step > .5:
        mean.lerp_(tensor, step)
    else:
        torch.lerp(tensor, mean, 1 - step, out=mean)


def _precise(dtype: torch.dtype) -> torch.dtype:
    """The type that a mean is kept in: float32 for all that is narrower."""
    return torch.float32 if dtype.itemsize == 1 else torch.promote_types(dtype, torch.float32)


def _widest(dtypes: Sequence[torch.dtype]) -> torch.dtype:
    return dtypes[0] if len(set(dtypes)) == 1 else reduce(torch.promote_types, map(_precise, dtypes))


def is_finite(tensor: torch.Tensor) -> bool:
    """Whether no value is NaN or infinite. A finite sum says so at the cost of one pass."""
    if tensor.dtype.itemsize == 1:
        tensor = tensor.float()
    return bool(torch.isfinite(tensor.sum(dtype=_precise(tensor.dtype))) or torch.isfinite(tensor).all())


def mix(members: Sequence[Member], shares: Sequence[float], progress: Progress = iter) -> dict[str, torch.Tensor]:
    """The weighted mean of members, in memory.

    Tensors that are one in every member are one in the mean.

    Raises:
        CheckpointError: If a mean is not finite.
    """
    made, state = {}, {}
    for name in progress(members[-1].tensors):
        key = _identities(members, name)
        if key not in made:
            made[key] = mix_one(name, members, shares)
        state[name] = made[key]
    return state


def _identities(members: Sequence[Member], name: str) -> tuple:
    tensors = [member.tensors[name] for member in members]
    return tuple(map(identity, tensors)) if tensors[0].numel() else (name, )


def mix_one(name: str, members: Sequence[Member], shares: Sequence[float]) -> torch.Tensor:
    """One tensor of the weighted mean.

    Counters and index tables can't be averaged: of members that are used, the
    last one's is kept. ``num_batches_tracked`` of BatchNorm is the largest, for
    members of one training have seen the same batches and a sum would count
    them twice.
    """
    tensors, shares = zip(*[(member.tensors[name], share) for member, share in zip(members, shares) if share])
    if not is_averaged(tensors[-1]):
        largest = name.endswith('num_batches_tracked')
        return torch.stack(tensors).amax(0) if largest else tensors[-1].clone(memory_format=torch.contiguous_format)
    mean = weighted_mean(tensors, shares)
    if not is_finite(mean):
        bad = [str(member.path) for member, share in zip(members, shares)
               if share and not is_finite(member.tensors[name])]
        raise CheckpointError(fault(shorten(bad or [m.path for m in members]), name, 'finite', 'NaN or infinity',
                                    'Leave that member out.'))
    return mean


def differing_counters(members: Sequence[Member]) -> list[str]:
    """Names of integer tensors that are not the same in all members, without ``num_batches_tracked``."""
    first = members[0].tensors
    return [name for name, tensor in first.items()
            if not is_averaged(tensor) and not name.endswith('num_batches_tracked')
            and not all(torch.equal(tensor, other.tensors[name]) for other in members[1:])]


def as_shares(weights: Sequence[float] | None, count: int) -> list[float]:
    """Shares that sum to one; equal ones by default.

    Raises:
        CheckpointError: If there are not ``count`` of them, one is negative or
            not finite, or all are 0.
    """
    weights = [1.] * count if weights is None else [float(w) for w in weights]
    if len(weights) != count or not all(0 <= w < float('inf') for w in weights) or not sum(weights):
        law = f'{count} numbers, one a checkpoint, none below 0, not all 0'
        raise CheckpointError(fault('--weights', 'weights', law, weights, 'Correct them.'))
    return [w / sum(weights) for w in weights]


def uniform_soup(paths: Sequence[str | os.PathLike], progress: Progress = iter) -> dict[str, torch.Tensor]:
    """Average the model tensors of checkpoints.

    Files are memory-mapped and read one tensor at a time, so memory holds one
    model whatever their number.

    Args:
        paths: At least one checkpoint; all of one architecture.
        progress: Wraps the loop over tensor names, for a progress bar.

    Raises:
        CheckpointError: If the members don't fit together, see
            :func:`~mmcomp.checkpoints.members.open_members`, or a mean is not finite.
    """
    members = open_members(paths)
    return mix(members, as_shares(None, len(members)), progress)


# ---------------------------------------------------------------- the file


def soup_meta(members: Sequence[Member], shares: Sequence[float], **more: object) -> dict:
    """What a soup tells of itself: its members, shares that are not equal, class names of the last member."""
    used = [(member, share) for member, share in zip(members, shares) if share]
    kept = {k: v for k, v in used[-1][0].meta.items() if k in KEPT_META}
    uneven = {} if len({round(share, 12) for _, share in used}) == 1 else {'soup_shares': [s for _, s in used]}
    return {**kept, 'soup': [member.name for member, _ in used], **uneven, **more}


def write_soup(members: Sequence[Member], shares: Sequence[float], out: str | os.PathLike,
               progress: Progress = iter) -> None:
    """Write the weighted mean of members as a checkpoint, whole or not at all.

    A ``.safetensors`` file is written tensor by tensor, so that memory holds
    one tensor; for a ``.pth`` it holds the model.

    Raises:
        CheckpointError: If a mean is not finite, or ``out`` is one of the
            members or has another suffix.
    """
    out = checked_out(out, [member.path for member in members])
    if out.suffix != '.safetensors':
        write_state(mix(members, shares, progress), soup_meta(members, shares), out)
        return
    names: dict[tuple, str] = {}
    tied = {name: kept for name in members[-1].tensors
            if (kept := names.setdefault(_identities(members, name), name)) != name}
    plan = {name: _planned(members, shares, name) for name in names.values()}
    order = iter(progress(plan))

    def make(name: str) -> torch.Tensor:
        next(order, None)
        return mix_one(name, members, shares)

    write_tensors(out, plan, make, tied, soup_meta(members, shares))
    next(order, None)


def _planned(members: Sequence[Member], shares: Sequence[float], name: str) -> tuple[torch.dtype, torch.Size]:
    tensors = [member.tensors[name] for member, share in zip(members, shares) if share]
    dtypes = [t.dtype for t in tensors]
    return _widest(dtypes) if is_averaged(tensors[-1]) else dtypes[-1], tensors[-1].shape


def checked_out(out: str | os.PathLike, members: Sequence[str | os.PathLike]) -> Path:
    """The path of a soup, refused if it is one of its members or no checkpoint's name."""
    out = Path(out).expanduser()
    if out.suffix not in SUFFIXES:
        raise CheckpointError(fault('--out', 'out', f'a name that ends with {" or ".join(SUFFIXES)}', str(out),
                                    'Choose another name.'))
    real = [Path(path).expanduser().resolve() for path in members]
    if doubled := sorted({str(path) for path, one in zip(members, real, strict=True) if real.count(one) > 1}):
        raise CheckpointError(f'--models: {shorten(doubled)} would be averaged twice. Name each file once, or use '
                              '--weights to count it more.')
    if out.resolve() in real:
        raise CheckpointError(f'--out: {out} is one of the checkpoints to average. Choose another name.')
    return out


def write_state(state: dict[str, torch.Tensor], meta: dict, out: str | os.PathLike) -> None:
    """Write tensors and ``meta`` as a ``.pth`` or ``.safetensors`` checkpoint, whole or not at all."""
    if Path(out).suffix != '.safetensors':
        with atomic_path(out) as temporary:
            torch.save({'meta': meta, 'state_dict': state}, temporary)
        return
    names: dict[tuple, str] = {}
    tied = {n: kept for n, t in state.items()
            if (kept := names.setdefault(identity(t) if t.numel() else (n, ), n)) != n}
    plan = {name: (state[name].dtype, state[name].shape) for name in names.values()}
    write_tensors(out, plan, state.__getitem__, tied, meta)


def save_soup(state: dict[str, torch.Tensor], paths: Sequence[str | os.PathLike], out: str | os.PathLike) -> None:
    """Write a soup as a checkpoint, with the members' names and the class
    names of the last one in its ``meta``."""
    members = open_members(paths)
    write_state(state, soup_meta(members, as_shares(None, len(members))), checked_out(out, paths))
