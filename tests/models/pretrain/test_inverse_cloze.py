"""Pieces of texts: fields where there are some, else stretches."""
import pytest
import torch

from mmcomp.models.pretrain.inverse_cloze import draw_pieces


@pytest.mark.parametrize('count, want', [(0, 0), (1, 0), (2, 1), (10, 3), (7, 3)])
def test_a_stretch(count, want):
    torch.manual_seed(0)
    mask = torch.zeros(300, 14, dtype=torch.bool)
    mask[:, 2:2 + count] = True
    pieces = draw_pieces(mask, share=0.3)
    assert not (pieces & ~mask).any() and set(pieces.sum(dim=1).tolist()) == {want}
    runs = {''.join(str(int(hit)) for hit in row).strip('0') for row in pieces.tolist()}
    assert runs == {'1' * want}
    # Every stretch there is.
    assert len(pieces.unique(dim=0)) == max(1, count - want + 1) if want else 1


def test_a_field():
    torch.manual_seed(0)
    #                      CLS a  b  SEP c  SEP SEP d  e  SEP
    mask = torch.tensor([0, 1, 1, 0, 1, 0, 0, 1, 1, 0]).bool().expand(600, 10)
    separators = torch.tensor([0, 0, 0, 1, 0, 1, 1, 0, 0, 1]).bool().expand(600, 10)
    pieces, counts = draw_pieces(mask, separators).long().unique(dim=0, return_counts=True)
    assert sorted(tuple(row.nonzero()[:, 0].tolist()) for row in pieces) == [(1, 2), (4, ), (7, 8)]
    assert min(counts) > 150
    one = mask & (torch.arange(10) < 3)
    assert set(draw_pieces(one, separators, 0.5).sum(dim=1).tolist()) == {1}
    assert not draw_pieces(mask & False, separators).any()
