"""Guessing frames: the published numbers, padding without a part, gradients."""
import pytest
import torch
import torch.nn.functional as F

from mmcomp.models.pretrain.frame_contrast import frame_contrast

GUESSES = torch.tensor([[[1., 0], [0, 1], [1, 1], [0, 0]]])
FRAMES = torch.tensor([[[1., 0], [0, 1], [1, 1], [5, 5]]])
MASK = torch.tensor([[True, True, True, False]])
HIDDEN = torch.tensor([[True, False, True, False]])


def _contrast(guesses, frames, mask, hidden, temperature=None):
    return frame_contrast(guesses[hidden], frames, mask, hidden, temperature)


def test_published_numbers():
    def one(place):
        return float(_contrast(GUESSES, FRAMES, MASK, HIDDEN & (torch.arange(4) == place)))

    assert [one(0), one(2)] == pytest.approx([0.8620, 0.5514], abs=1e-4)
    assert float(_contrast(GUESSES, FRAMES, MASK, HIDDEN)) == pytest.approx(0.7067, abs=1e-4)


def _random():
    torch.manual_seed(0)
    guesses, frames = torch.randn(2, 3, 5, 8).unbind()
    mask = torch.arange(5) < torch.tensor([[5], [2], [0]])
    return guesses, frames, mask, mask & (torch.rand(3, 5) < 0.5)


@pytest.mark.parametrize('temperature', [None, 0.1])
def test_it_is_the_masked_similarity_of_all_slots(temperature):
    guesses, frames, mask, hidden = _random()
    h, v = guesses.view(15, 8), frames.view(15, 8)
    if temperature:
        h, v = F.normalize(h, dim=1), F.normalize(v, dim=1) / temperature
    m = mask.flatten().float()
    plain = F.cross_entropy(h @ v.T + -1e8 * (1 - m[:, None] * m), torch.arange(15), reduction='none')
    torch.testing.assert_close(_contrast(guesses, frames, mask, hidden, temperature),
                               plain[hidden.flatten()].mean())


def test_padding_has_no_part_in_it():
    guesses, frames, mask, hidden = _random()
    want = _contrast(guesses, frames, mask, hidden)
    frames[~mask] = torch.nan
    assert _contrast(guesses, frames, mask, hidden) == want
    wider = [F.pad(x, (0, 0, 0, 4), value=1e4) for x in (guesses, frames)] + [F.pad(x, (0, 4)) for x in (mask, hidden)]
    assert _contrast(*wider) == want


def test_nothing_hidden():
    guesses = GUESSES.clone().requires_grad_()
    loss = _contrast(guesses, FRAMES, MASK, HIDDEN & False)
    loss.backward()
    assert loss == 0 and not guesses.grad.any()


def test_mixed_precision_does_not_round_the_products():
    guesses, frames, mask, hidden = _random()
    with torch.autocast('cpu', torch.bfloat16):
        found = _contrast(100 * guesses, 100 * frames, mask, hidden)
    torch.testing.assert_close(found, _contrast(100 * guesses, 100 * frames, mask, hidden), rtol=0, atol=0)
