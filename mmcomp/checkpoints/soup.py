"""Uniform model soup: the mean of several checkpoints of one architecture.

Source: Wortsman et al., *Model soups*, ICML 2022 (arXiv 2203.05482).
"""
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch

from mmcomp.checkpoints.loading import load_checkpoint, state_dict_of
from mmcomp.errors import CheckpointError, fault, shorten
from mmcomp.files import atomic_path


def _training_step(path: Path) -> tuple[int, str]:
    number = re.search(r'(\d+)(?=\.pth$)', path.name)
    return int(number.group(1)) if number else -1, path.name


def find_members(folder: str | os.PathLike, last: int | None = None) -> list[Path]:
    """The checkpoints of a work folder, oldest first.

    ``epoch_*.pth`` and ``iter_*.pth`` are taken where there are any, since
    ``best_*.pth`` repeats one of them; otherwise every ``*.pth``.

    Args:
        folder: A work folder of training.
        last: Keep only the newest so many.

    Raises:
        CheckpointError: If the folder holds fewer than asked for, or none.
    """
    files = sorted(Path(folder).glob('*.pth'), key=_training_step)
    steps = [f for f in files if re.fullmatch(r'(epoch|iter)_\d+\.pth', f.name)]
    members = steps or files
    if not members or (last is not None and not 1 <= last <= len(members)):
        raise CheckpointError(fault(folder, 'number of checkpoints', f'at least {last or 1}', len(members),
                                    'Check the folder, or raise `max_keep_ckpts` in the training config.'))
    return members[-last:] if last else members


def uniform_soup(paths: Sequence[str | os.PathLike],
                 progress: Callable[[Iterable[str]], Iterable[str]] = iter) -> dict[str, torch.Tensor]:
    """Average the model tensors of checkpoints.

    Files are memory-mapped and read one tensor at a time, so memory holds one
    model whatever their number. Sums run in float32, or float64 for float64
    tensors. Integer and boolean buffers (index tables, counters) can't be
    averaged; the last member's are kept.

    Args:
        paths: At least one checkpoint; all of one architecture.
        progress: Wraps the loop over tensor names, for a progress bar.

    Raises:
        CheckpointError: If names or shapes differ or a mean is not finite.
    """
    if not paths:
        raise CheckpointError('model soup: no checkpoints given. Name at least one.')
    members = [state_dict_of(load_checkpoint(p, mmap=True), p) for p in paths]
    for path, member in zip(paths[1:], members[1:]):
        _refuse_differences(members[0], member, path)
    return {name: _mean(name, [m[name] for m in members], paths) for name in progress(members[-1])}


def _mean(name: str, tensors: list[torch.Tensor], paths: Sequence) -> torch.Tensor:
    last = tensors[-1]
    if not last.is_floating_point():
        return last.clone()
    total = tensors[0].to(torch.promote_types(last.dtype, torch.float32), copy=True)
    for tensor in tensors[1:]:
        total += tensor
    total /= len(tensors)
    if not torch.isfinite(total).all():
        bad = [str(p) for p, t in zip(paths, tensors) if not torch.isfinite(t).all()]
        raise CheckpointError(fault(shorten(bad or paths), name, 'finite', 'NaN or infinity', 'Leave that member out.'))
    return total.to(last.dtype)


def _refuse_differences(first: dict, other: dict, path: object) -> None:
    names = first.keys() ^ other.keys()
    if names:
        raise CheckpointError(fault(path, 'state_dict', 'of the same names as the first member',
                                    shorten(sorted(names)), 'Average checkpoints of one config only.'))
    for name, tensor in first.items():
        if tensor.shape != other[name].shape:
            raise CheckpointError(fault(path, name, f'of shape {tuple(tensor.shape)}', tuple(other[name].shape),
                                        'Average checkpoints of one config only.'))


def save_soup(state: dict[str, torch.Tensor], paths: Sequence[str | os.PathLike], out: str | os.PathLike) -> None:
    """Write a soup as a checkpoint, with the members' names and the class
    names of the last one in its ``meta``."""
    meta = load_checkpoint(paths[-1], mmap=True).get('meta', {})
    kept = {k: meta[k] for k in ('dataset_meta', 'cfg', 'mmengine_version') if k in meta}
    with atomic_path(out) as temporary:
        torch.save({'meta': {**kept, 'soup': [Path(p).name for p in paths]}, 'state_dict': state}, temporary)
