"""Masks of words: the walk in plain Python, the shares, and what is never touched."""
import pytest
import torch

from mmcomp.models.pretrain import masking
from mmcomp.models.pretrain.masking import draw_spans, draw_tokens, hide_tokens


def test_shares_of_tokens():
    torch.manual_seed(0)
    ids = torch.full((200, 500), 7)
    candidates = torch.rand(200, 500) < 0.8
    chosen = draw_tokens(candidates, 0.15)
    assert not (chosen & ~candidates).any()
    assert chosen.sum() / candidates.sum() == pytest.approx(0.15, abs=0.005)
    vocabulary = torch.arange(20, 120)
    hidden = hide_tokens(ids, chosen, 3, vocabulary)
    assert torch.equal(hidden[~chosen], ids[~chosen])
    changed = hidden[chosen]
    assert (changed == 3).float().mean() == pytest.approx(0.8, abs=0.02)
    assert (changed == 7).float().mean() == pytest.approx(0.1, abs=0.02)
    assert set(changed[(changed != 3) & (changed != 7)].tolist()) == set(range(20, 120))
    torch.manual_seed(1)
    first = draw_tokens(candidates, 0.15)
    torch.manual_seed(1)
    assert torch.equal(draw_tokens(candidates, 0.15), first)


def _walk(candidates, begins, lengths):
    """Spans of a row, token by token."""
    chosen, at = [False] * len(candidates), 0
    while at < len(candidates):
        if not begins[at]:
            at += 1
            continue
        taken = 0
        while taken < lengths[at] and at + taken < len(candidates) and candidates[at + taken]:
            chosen[at + taken] = True
            taken += 1
        at += taken + 1
    return chosen


def test_spans_are_those_of_a_walk(monkeypatch):
    torch.manual_seed(0)
    candidates = torch.rand(64, 37) < 0.9
    begins, lengths = draw_tokens(candidates, 0.4), torch.randint(1, 4, candidates.shape)
    monkeypatch.setattr(masking, 'draw_tokens', lambda *_: begins.clone())
    monkeypatch.setattr(masking, '_draw_lengths', lambda *_: lengths)
    want = [_walk(*row) for row in zip(candidates.tolist(), begins.tolist(), lengths.tolist())]
    assert draw_spans(candidates, 0.4).tolist() == want


def _runs(row):
    return [len(run) for run in ''.join('x' if hit else ' ' for hit in row).split()]


def test_lengths_of_spans():
    torch.manual_seed(0)
    runs = [n for row in draw_spans(torch.ones(300, 120, dtype=torch.bool), 0.15).tolist() for n in _runs(row)]
    shares = [runs.count(n) / len(runs) for n in (1, 2, 3)]
    assert sum(shares) == pytest.approx(1) and shares == pytest.approx([0.7, 0.2, 0.1], abs=0.02)
    # A span begins at 15 % of the places that no span and no gap behind one covers.
    assert len(runs) / (300 * 120) == pytest.approx(0.15 / (1 + 0.15 * 1.4), abs=0.005)


@pytest.mark.parametrize('tokens, longest', [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_short_texts_have_short_spans(tokens, longest):
    torch.manual_seed(0)
    candidates = torch.zeros(2000, 9, dtype=torch.bool)
    candidates[:, 1:tokens + 1] = True
    chosen = draw_spans(candidates, 0.3)
    assert not (chosen & ~candidates).any() and max(n for row in chosen.tolist() for n in _runs(row)) == longest
    assert not draw_spans(torch.zeros(2, 5, dtype=torch.bool), 1.0).any()
