"""Learnt weights against a loop."""
import torch

from mmcomp.models.necks import AttentionPooling
from mmcomp.structures import TokenSequence


def test_a_loop_agrees_and_nothing_of_nothing_is_zero():
    torch.manual_seed(0)
    pooling, tokens = AttentionPooling(4, 3), torch.randn(3, 5, 4)
    mask = torch.arange(5) < torch.tensor([[5], [2], [0]])
    (found, ) = pooling(TokenSequence(tokens, mask))
    for i, count in enumerate((5, 2)):
        weights = [float(pooling.score(tokens[i, t]).exp()) for t in range(count)]
        expected = sum(w * tokens[i, t] for t, w in enumerate(weights)) / sum(weights)
        torch.testing.assert_close(found[i], expected)
    assert not found[2].any()


def test_equal_tokens_are_their_mean():
    tokens = torch.ones(1, 3, 4)
    (found, ) = AttentionPooling(4)(TokenSequence(tokens, torch.ones(1, 3, dtype=torch.bool)))
    torch.testing.assert_close(found, torch.ones(1, 4))
