"""Three ways to compute attention with a bias and a mask, one answer and one gradient."""
import pytest
import torch

from mmcomp.models.backbones.swin_v2 import attention
from mmcomp.models.backbones.swin_v2.attention import PiecewiseAttention, attend, fused_attention, plain_attention

BATCH, WINDOWS, HEADS, TOKENS, WIDTH = 2, 3, 2, 4, 5


def _inputs():
    generator = torch.Generator().manual_seed(0)
    shapes = [(BATCH * WINDOWS, HEADS, TOKENS, WIDTH)] * 3 + [(HEADS, TOKENS, TOKENS)]
    made = [torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in shapes]
    return made, torch.randn(WINDOWS, TOKENS, TOKENS, generator=generator, dtype=torch.float64)


def _spelled_out(q, k, v, bias, mask):
    """Window by window, head by head."""
    out = torch.empty_like(v)
    for row in range(len(q)):
        for head in range(HEADS):
            logits = q[row, head] @ k[row, head].T + bias[head]
            if mask is not None:
                logits = logits + mask[row % WINDOWS]
            out[row, head] = logits.exp() / logits.exp().sum(1, keepdim=True) @ v[row, head]
    return out


@pytest.mark.parametrize('way', [plain_attention, PiecewiseAttention.apply])
def test_half_precision_rounds_no_more_than_its_numbers(way):
    inputs, mask = _inputs()
    want = _spelled_out(*inputs, mask)
    halves = [part.detach().bfloat16().requires_grad_() for part in inputs]
    out = way(*halves, mask.float())
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.double(), want, rtol=0.05, atol=0.05)
    for got, gradient in zip(torch.autograd.grad(out.sum(), halves), torch.autograd.grad(want.sum(), inputs)):
        assert got.dtype == torch.bfloat16
        torch.testing.assert_close(got.double(), gradient, rtol=0.05, atol=0.05)


@pytest.mark.parametrize('masked', [False, True])
@pytest.mark.parametrize('pieces', [1, 300, 10**6])
@pytest.mark.parametrize('way', [fused_attention, plain_attention, PiecewiseAttention.apply])
def test_every_way_gives_the_same(way, pieces, masked, monkeypatch):
    monkeypatch.setattr(attention, 'PIECE_BYTES', pieces)
    inputs, mask = _inputs()
    mask = mask if masked else None
    out, want = way(*inputs, mask), _spelled_out(*inputs, mask)
    torch.testing.assert_close(out, want)
    weights = torch.randn(out.shape, generator=torch.Generator().manual_seed(1), dtype=out.dtype)
    for got, gradient in zip(torch.autograd.grad(out, inputs, weights), torch.autograd.grad(want, inputs, weights)):
        torch.testing.assert_close(got, gradient)


def test_pieces_are_for_large_attention_without_dropout(monkeypatch):
    taken = []
    for name in ('fused_attention', 'plain_attention'):
        monkeypatch.setattr(attention, name, lambda *args, name=name: taken.append(name))
    monkeypatch.setattr(attention.PiecewiseAttention, 'apply', lambda *args: taken.append('pieces'))
    inputs, mask = _inputs()
    attend(*inputs, mask)
    attend(*inputs, mask, 0.1)
    monkeypatch.setattr(attention, 'PIECE_BYTES', 1)
    attend(*inputs, mask)
    assert taken == ['plain_attention', 'fused_attention', 'pieces']
