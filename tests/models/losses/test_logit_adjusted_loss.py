"""Cross entropy with the class prior inside."""
import pytest
import torch
import torch.nn.functional as F

from mmcomp.errors import ConfigError
from mmcomp.models.losses import BalancedSoftmaxLoss, LogitAdjustedLoss

COUNTS = [50, 5, 1, 0]


def _loss(kind=LogitAdjustedLoss, **kwargs):
    loss = kind(4, **kwargs)
    loss.set_class_counts(COUNTS)
    return loss


@pytest.mark.parametrize('tau', [0.0, 0.5, 1.0])
def test_logit_adjusted_loss_is_cross_entropy_plus_prior(tau):
    logits, labels = torch.randn(6, 4), torch.randint(4, (6, ))
    prior = torch.tensor([max(n, 1) for n in COUNTS]) / 57
    expected = F.cross_entropy(logits + tau * prior.log(), labels)
    torch.testing.assert_close(_loss(tau=tau)(logits, labels), expected)


@pytest.mark.parametrize('kind', [LogitAdjustedLoss, BalancedSoftmaxLoss])
def test_it_differs_from_cross_entropy_after_one_step(kind):
    logits, labels = torch.zeros(2, 4), torch.tensor([0, 2])
    stepped = []
    for loss in (F.cross_entropy, _loss(kind)):
        z = logits.clone().requires_grad_()
        loss(z, labels).backward()
        stepped.append(z - z.grad)
    # The rare class is pushed up more than by cross entropy, the frequent class less.
    assert stepped[1][1, 2] > stepped[0][1, 2] + 0.05
    assert stepped[1][0, 0] < stepped[0][0, 0] - 0.05


def test_soft_labels_weights_and_reductions():
    loss, logits, labels = _loss(), torch.randn(3, 4), torch.tensor([2, 0, 1])
    each = loss(logits, labels, reduction_override='none')
    torch.testing.assert_close(loss(logits, F.one_hot(labels, 4).float(), reduction_override='none'), each)
    weight = torch.tensor([1.0, 0.0, 2.0])
    torch.testing.assert_close(loss(logits, labels, weight=weight, avg_factor=3), (each * weight).sum() / 3)


def test_counts_are_required():
    with pytest.raises(ConfigError, match='ClassCountsHook'):
        LogitAdjustedLoss(4)(torch.zeros(1, 4), torch.tensor([0]))
