"""Weights by effective numbers, focus on hard rows."""
import pytest
import torch
from mmpretrain.models.losses import LabelSmoothLoss
from torch.nn import functional

from mmcomp.errors import ConfigError
from mmcomp.models.losses import ClassBalancedLoss
from mmcomp.models.losses.class_balanced_loss import class_balanced_weights

COUNTS = [50, 5, 1, 0]


def made(**settings):
    loss = ClassBalancedLoss(4, **settings)
    loss.set_class_counts(COUNTS)
    return loss


@pytest.mark.parametrize(('beta', 'exponent'), [(0., None), (.9, None), (.999, None), (.9, .5), (.9, 1.)])
def test_weights_by_hand(beta, exponent):
    seen = [max(n, 1) for n in COUNTS]
    raw = [n**-exponent if exponent is not None else 1 / sum(beta**k for k in range(n)) for n in seen]
    expected = torch.tensor(raw) * 4 / sum(raw)
    torch.testing.assert_close(class_balanced_weights(torch.tensor(COUNTS), beta, exponent), expected)


@pytest.mark.parametrize('gamma', [0., 2.])
def test_the_loss_of_a_row_by_hand(gamma):
    logits, labels = torch.randn(6, 4), torch.randint(4, (6, ))
    weights, found = class_balanced_weights(torch.tensor(COUNTS)), made(gamma=gamma)
    for row, value in enumerate(found(logits, labels, reduction_override='none')):
        p = logits[row].softmax(0)[labels[row]]
        assert value == pytest.approx(float(-weights[labels[row]] * (1 - p)**gamma * p.log()), rel=1e-4)
    torch.testing.assert_close(found(logits, functional.one_hot(labels, 4)), found(logits, labels))


def test_with_equal_weights_it_is_smoothed_cross_entropy_and_else_it_is_not():
    logits, labels = torch.randn(6, 4), torch.randint(4, (6, ))
    smoothed = LabelSmoothLoss(.1, num_classes=4)(logits, labels)
    torch.testing.assert_close(made(beta=0., label_smoothing=.1)(logits, labels), smoothed)
    torch.testing.assert_close(made(beta=0.)(logits, labels), functional.cross_entropy(logits, labels))
    gradients = []
    for loss in (functional.cross_entropy, made()):
        z = torch.zeros(2, 4, requires_grad=True)
        loss(z, torch.tensor([0, 2])).backward()
        gradients.append(z.grad)
    assert gradients[1][1, 2] < gradients[0][1, 2] - .05 and gradients[1][0, 0] > gradients[0][0, 0] + .05


def test_faults():
    for settings in (dict(beta=1.), dict(gamma=-1), dict(exponent=-1), dict(label_smoothing=1.)):
        with pytest.raises(ConfigError):
            ClassBalancedLoss(4, **settings)
    with pytest.raises(ConfigError, match='ClassCountsHook'):
        ClassBalancedLoss(4)(torch.zeros(1, 4), torch.tensor([0]))
