"""Inputs of an exported model: names, axes, values."""
from collections.abc import Callable, Mapping

import torch

# What a batch of a modality is made of; all but images have a length.
SEQUENCES = ('ids', 'mask', 'features', 'positions', 'type_ids')


def flattened(inputs: torch.Tensor | Mapping) -> dict[str, torch.Tensor]:
    """What a classifier takes as tensors by name: ``image``, or ``ids`` and ``mask``, or ``text_ids``, …"""
    if isinstance(inputs, torch.Tensor):
        return dict(image=inputs)
    flat = {}
    for name, value in inputs.items():
        flat |= {f'{name}_{kind}': tensor for kind, tensor in value.items()} if isinstance(
            value, Mapping) else {name: value}
    return flat


def nested(tensors: Mapping[str, torch.Tensor], like: torch.Tensor | Mapping) -> torch.Tensor | dict:
    """The inverse of :func:`flattened`, in the structure of ``like``."""
    if isinstance(like, torch.Tensor):
        return tensors['image']
    return {name: {kind: tensors[f'{name}_{kind}'] for kind in value} if isinstance(value, Mapping) else tensors[name]
            for name, value in like.items()}


def parted(name: str) -> tuple[str, str]:
    """Modality, ``''`` where there is one alone, and kind: ``text_type_ids`` to ``('text', 'type_ids')``."""
    kind = max((kind for kind in SEQUENCES if name == kind or name.endswith(f'_{kind}')), key=len, default='image')
    return ('', 'image') if kind == 'image' else (name[:-len(kind)].removesuffix('_'), kind)


def axes(names: list[str]) -> dict[str, dict[int, str]]:
    """The axes that may have any size: ``{0: 'batch', 1: 'text_length'}``."""
    found = {}
    for name in names:
        modality, kind = parted(name)
        found[name] = {0: 'batch'} if kind == 'image' else {0: 'batch', 1: f'{modality}_length'.removeprefix('_')}
    return found


def trimmed(feed: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Sequences as long as the longest of the batch; a model may have no positions for the padding behind."""
    longest = {}
    for name, tensor in feed.items():
        modality, kind = parted(name)
        if kind == 'mask':
            longest[modality] = max(1, int(tensor.sum(dim=1).max()))
    return {name: tensor if parted(name)[1] == 'image' else tensor[:, :longest[parted(name)[0]]]
            for name, tensor in feed.items()}


def made_up(feed: Mapping[str, torch.Tensor], batch: int, length: Callable[[int], int],
            seed: int = 0) -> dict[str, torch.Tensor]:
    """Random inputs of other sizes: words of those in ``feed`` in any order, features as wide, pixels of any value.

    The first sequence is as long as can be. Where there are features, the last sample has none.

    Args:
        feed: Real inputs.
        batch: Samples.
        length: The length of sequences, from that in ``feed``.
        seed: Of the random numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for name, tensor in feed.items():
        modality, kind = parted(name)
        if kind == 'image':
            shape = (batch, *tensor.shape[1:])
        else:
            shape = (batch, length(tensor.shape[1]), *tensor.shape[2:])
        made[name] = _values(kind, tensor, shape, generator)
        if kind == 'mask' and batch > 1 and f'{modality}_features' in feed:
            made[name][-1] = False
    return made


def _values(kind: str, like: torch.Tensor, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    if kind == 'mask':
        lengths = torch.randint(1, shape[1] + 1, (shape[0], ), generator=generator)
        lengths[0] = shape[1]
        return torch.arange(shape[1]) < lengths[:, None]
    if like.is_floating_point():
        return torch.randn(shape, generator=generator, dtype=like.dtype) * like.std()
    if kind == 'image':
        return torch.randint(0, 256, shape, generator=generator, dtype=like.dtype)
    known = like.flatten()
    return known[torch.randint(len(known), shape, generator=generator)]


def described(feed: Mapping[str, torch.Tensor]) -> str:
    """``image 8 x 3 x 32 x 32``; masks are as large as what they belong to."""
    return ', '.join(f'{name} {" x ".join(map(str, tensor.shape))}' for name, tensor in feed.items()
                     if parted(name)[1] != 'mask')
