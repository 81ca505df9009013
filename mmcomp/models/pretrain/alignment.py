"""Contrast between vectors of a batch, and the gathering of them from all ranks."""
import torch
import torch.nn.functional as F
from mmengine.dist import get_dist_info


def gathered(features: torch.Tensor) -> torch.Tensor:
    """Features ``(B, C)`` of all ranks in their order; gradients go back to each rank's own."""
    if get_dist_info()[1] == 1:
        return features
    from torch.distributed.nn.functional import all_gather
    return torch.cat(all_gather(features.contiguous()))


def own_places(size: int, device: torch.device | str | None = None) -> torch.Tensor:
    """Where this rank's ``size`` rows are among those of all ranks."""
    return torch.arange(size, device=device) + size * get_dist_info()[0]


def in_batch_contrast(one: torch.Tensor, other: torch.Tensor, temperature: torch.Tensor | float) -> torch.Tensor:
    """InfoNCE in both directions, mean of the two: each row's partner among those of all ranks.

    Args:
        one: Unit vectors ``(B, C)``.
        other: Unit vectors of the same rows.
        temperature: Products are divided by it.
    """
    target = own_places(len(one), one.device)
    there = F.cross_entropy(one @ gathered(other).T / temperature, target)
    return (there + F.cross_entropy(other @ gathered(one).T / temperature, target)) / 2
