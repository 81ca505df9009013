"""Contrast between vectors of a batch, and the gathering of them from all ranks."""
import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, all_reduce, get_dist_info, get_rank


def gathered(features: torch.Tensor) -> torch.Tensor:
    """Features ``(B, C)`` of all ranks in their order; gradients go back to each rank's own."""
    if get_dist_info()[1] == 1:
        return features
    return _Gathered.apply(features)


class _Gathered(torch.autograd.Function):
    """Rows of all ranks; the gradient of a row is the sum of what it got on each."""

    @staticmethod
    def forward(ctx, features: torch.Tensor) -> torch.Tensor:
        ctx.start = len(features) * get_rank()
        ctx.rows = len(features)
        return torch.cat(all_gather(features.contiguous()))

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        all_reduce(gradient, op='sum')
        return gradient[ctx.start:ctx.start + ctx.rows]


def products(rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """``rows @ columns.T`` in float32, also in mixed precision.

    Cross entropy wants float32 anyway; half precision would first round
    products that a temperature makes large, and overflow without one.
    """
    with torch.autocast(rows.device.type, enabled=False):
        return rows.float() @ columns.float().T


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
    there = F.cross_entropy(products(one, gathered(other)) / temperature, target)
    return (there + F.cross_entropy(products(other, gathered(one)) / temperature, target)) / 2
