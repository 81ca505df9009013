"""Make a training checkpoint small, self-naming and safe to hand on."""
import hashlib
import os
from pathlib import Path

import torch

from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.checkpoints.members import weights_of
from mmcomp.files import atomic_open, sync_folder

# What a reader of the weights needs: class names, the config, who wrote it.
KEPT_META = ('dataset_meta', 'cfg', 'mmengine_version', 'epoch', 'iter', 'soup', 'soup_shares')
DIGITS = 8


def publishable(path: str | os.PathLike, raw: bool = False) -> dict:
    """The part of a checkpoint that predicting needs: model tensors and a little ``meta``.

    Args:
        path: A training checkpoint.
        raw: A run with an ``EMAHook`` saves the averaged weights as the
            model's and keeps the un-averaged ones beside them; take the latter.

    Raises:
        CheckpointError: If there are no weights, or no un-averaged ones.
    """
    checkpoint = load_checkpoint(path, mmap=True)
    state = weights_of(checkpoint, 'raw' if raw else 'saved', path)
    meta = checkpoint.get('meta') or {}
    return {'meta': {k: meta[k] for k in KEPT_META if k in meta},
            'state_dict': {k: _alone(v) for k, v in state.items()}}


def _alone(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor that drags no larger storage into the file."""
    return tensor.clone() if tensor.untyped_storage().nbytes() > tensor.nbytes else tensor


def publish(path: str | os.PathLike, out: str | os.PathLike, raw: bool = False) -> Path:
    """Write ``<out>-<first digits of its SHA-256>.pth``, whole or not at all.

    The same weights give the same bytes and so the same name.

    Args:
        path: A training checkpoint.
        out: The name to give it; ``.pth`` at its end is optional.
        raw: See :func:`publishable`.

    Returns:
        The file written.
    """
    content = publishable(path, raw)
    out = Path(out).expanduser()
    unnamed = out.with_name(f'.{out.name.removesuffix(".pth")}.unnamed.pth')
    try:
        # Through an open file, for torch writes a path's own name into the archive.
        with atomic_open(unnamed, 'wb') as file:
            torch.save(content, file)
        with open(unnamed, 'rb') as file:
            digest = hashlib.file_digest(file, 'sha256').hexdigest()
        final = out.with_name(f'{out.name.removesuffix(".pth")}-{digest[:DIGITS]}.pth')
        os.replace(unnamed, final)
        sync_folder(final.parent)
    finally:
        unnamed.unlink(missing_ok=True)
    return final
