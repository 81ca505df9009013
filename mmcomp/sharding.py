"""Tensors that are divided among ranks: whole again, and divided anew."""
import torch
from torch.distributed.tensor import DTensor, distribute_tensor


def is_divided(tensor: torch.Tensor) -> bool:
    """Whether a rank holds only a part of a tensor."""
    return isinstance(tensor, DTensor)


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """The whole tensor, on the CPU. All ranks must call it, for divided ones are gathered from all."""
    with torch.no_grad():
        return (tensor.full_tensor() if is_divided(tensor) else tensor.detach()).cpu()


def divided(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """A whole tensor, which every rank has, divided as ``like`` is; no rank talks to another."""
    if not is_divided(like) or is_divided(tensor):
        return tensor
    tensor = tensor.to(like.to_local().device, like.dtype)
    return distribute_tensor(tensor, like.device_mesh, like.placements, src_data_rank=None)
