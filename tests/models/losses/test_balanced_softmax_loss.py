"""Balanced softmax by its definition."""
import math

import torch

from mmcomp.models.losses import BalancedSoftmaxLoss, LogitAdjustedLoss

COUNTS = [50, 5, 1, 0]


def _loss(kind=BalancedSoftmaxLoss):
    loss = kind(4)
    loss.set_class_counts(COUNTS)
    return loss


def test_balanced_softmax_equals_its_definition():
    torch.manual_seed(0)
    logits, labels = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
    total = 0.0
    for row, y in zip(logits.tolist(), labels.tolist()):
        mass = [max(n, 1) * math.exp(z) for n, z in zip(COUNTS, row)]
        total -= math.log(mass[y] / sum(mass))
    assert math.isclose(_loss()(logits, labels), total / 6, rel_tol=1e-5)


def test_it_is_logit_adjustment_at_full_strength():
    logits, labels = torch.randn(6, 4), torch.randint(4, (6, ))
    torch.testing.assert_close(_loss()(logits, labels), _loss(LogitAdjustedLoss)(logits, labels))
