"""Wrong pairs: which order, and never a right one."""
import pytest
import torch

from mmcomp.models.pretrain.pairing import draw_negatives, half_reversed, randomly_replaced


@pytest.mark.parametrize('size, order', [
    (8, [0, 1, 2, 3, 7, 6, 5, 4]), (6, [0, 1, 2, 5, 4, 3]), (7, [0, 1, 2, 6, 5, 4, 3]), (2, [0, 1]), (1, [0])])
def test_half_reversed(size, order):
    assert half_reversed(size).tolist() == order


def test_random_replacements_are_any_other_row_alike():
    torch.manual_seed(0)
    drawn = torch.stack([randomly_replaced(4, 0.3) for _ in range(4000)])
    shares = torch.stack([(drawn == column).float().mean(dim=0) for column in range(4)], dim=1)
    torch.testing.assert_close(shares, torch.full((4, 4), 0.1) + 0.6 * torch.eye(4), atol=0.03, rtol=0)
    assert randomly_replaced(1, 0.9).tolist() == [0]


def test_negatives_follow_the_similarities_but_for_the_diagonal():
    torch.manual_seed(0)
    similarities = torch.tensor([[90., 1, 2, 0], [3, 9, 3, 3], [-100, 100, 500, 0], [0, 0, 0, 0]])
    drawn = torch.stack([draw_negatives(similarities) for _ in range(4000)])
    assert not (drawn == torch.arange(4)).any()
    shares = torch.stack([(drawn == column).float().mean(dim=0) for column in range(4)], dim=1)
    want = similarities.masked_fill(torch.eye(4, dtype=torch.bool), -torch.inf).softmax(dim=1)
    torch.testing.assert_close(shares, want, atol=0.03, rtol=0)
