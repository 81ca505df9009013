"""Softmax attention with a bias of each head and a mask of each window, without full-size temporaries.

All functions take queries, keys and values ``(B * W, H, N, D)``, the W windows of a map side by side, a bias
``(H, N, N)`` and a mask ``(W, N, N)`` or none, and give ``(B * W, H, N, D)``.
"""
from collections.abc import Iterator

import torch
from torch.nn import functional as F

# Of the logits of one piece on a CPU, where large fresh memory costs more than the arithmetic.
PIECE_BYTES = 8 * 2**20


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor, mask: torch.Tensor | None = None,
           dropout: float = 0.0) -> torch.Tensor:
    """``softmax(q k^T + bias + mask) v`` by the way that suits the device.

    torch's fused attention; on a CPU it has no kernel for a bias that is learned, so there small
    attention is spelled out and large attention computed in pieces.
    """
    if q.device.type != 'cpu' or dropout or torch.compiler.is_compiling():
        return fused_attention(q, k, v, bias, mask, dropout)
    if len(q) * bias.numel() * q.element_size() <= PIECE_BYTES:
        return plain_attention(q, k, v, bias, mask)
    return PiecewiseAttention.apply(q, k, v, bias, mask)


def fused_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor,
                    mask: torch.Tensor | None = None, dropout: float = 0.0) -> torch.Tensor:
    """By ``scaled_dot_product_attention``. Windows with masks of their own are further heads of the map, so that bias
    and mask are added once for the whole batch."""
    shape, bias = q.shape, bias.to(q.dtype)
    if mask is None:
        bias = bias[None]
    else:
        bias = (bias + mask[:, None].to(q.dtype)).flatten(0, 1)[None]
        q, k, v = (part.reshape(-1, bias.shape[1], *shape[2:]) for part in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout, scale=1.0).reshape(shape)


def plain_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor,
                    mask: torch.Tensor | None = None) -> torch.Tensor:
    """Spelled out; the probabilities are kept for the backward pass."""
    logits = _logits(q, k, bias)
    if mask is not None:
        logits.view(-1, len(mask), *bias.shape).add_(mask[:, None])
    return logits.softmax(-1).to(v.dtype) @ v


class PiecewiseAttention(torch.autograd.Function):
    """Piece by piece in one buffer; the backward pass computes the probabilities again, as FlashAttention does
    (Dao et al., 2022), and sums the bias's gradient, which torch's fused kernels for the CPU don't give."""

    @staticmethod
    def forward(ctx, q, k, v, bias, mask):
        out = torch.empty_like(v)
        for rows, window in _pieces(q, mask):
            out[rows] = _probabilities(q[rows], k[rows], bias, window).to(v.dtype) @ v[rows]
        ctx.save_for_backward(q, k, v, bias, mask, out)
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        q, k, v, bias, mask, out = ctx.saved_tensors
        grad_q, grad_k, grad_v = (torch.empty_like(part) for part in (q, k, v))
        grad_bias = torch.zeros_like(bias, dtype=_at_least_single(q))
        for rows, window in _pieces(q, mask):
            given = grad[rows]
            probabilities = _probabilities(q[rows], k[rows], bias, window)
            grad_v[rows] = probabilities.to(v.dtype).mT @ given
            grad_logits = (given @ v[rows].mT).to(probabilities.dtype)
            grad_logits -= (given * out[rows]).sum(-1, keepdim=True, dtype=probabilities.dtype)
            grad_logits *= probabilities
            for part in grad_logits:
                grad_bias += part
            grad_logits = grad_logits.to(q.dtype)
            grad_q[rows], grad_k[rows] = grad_logits @ k[rows], grad_logits.mT @ q[rows]
        return grad_q, grad_k, grad_v, grad_bias.to(bias.dtype), None


def _pieces(q: torch.Tensor, mask: torch.Tensor | None) -> Iterator[tuple[slice, torch.Tensor | None]]:
    """Rows of one window's place in the maps, and its mask."""
    windows, (total, heads, tokens, _) = 1 if mask is None else len(mask), q.shape
    step = windows * max(1, PIECE_BYTES // (heads * tokens * tokens * q.element_size()))
    for window in range(windows):
        for start in range(window, total, step):
            yield slice(start, min(start + step, total), windows), None if mask is None else mask[window]


def _probabilities(q: torch.Tensor, k: torch.Tensor, bias: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    logits = _logits(q, k, bias)
    if mask is not None:
        logits += mask
    return torch.softmax(logits, -1, out=logits)


def _logits(q: torch.Tensor, k: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    logits = (q @ k.mT).to(_at_least_single(q))
    logits += bias
    return logits


def _at_least_single(q: torch.Tensor) -> torch.dtype:
    return torch.promote_types(q.dtype, torch.float32)
