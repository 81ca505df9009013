"""Cross entropy, and the divergence of two passes."""
import pytest
import torch
from torch.nn import functional

from mmcomp.errors import ConfigError
from mmcomp.models.losses import RDropLoss

LABELS = torch.tensor([0, 2, 1]).repeat(2)


def test_against_two_divergences():
    logits = torch.randn(6, 4)
    p, q = logits[:3].softmax(1), logits[3:].softmax(1)
    apart = (functional.kl_div(q.log(), p, reduction='batchmean') + functional.kl_div(p.log(), q,
                                                                                       reduction='batchmean')) / 2
    expected = functional.cross_entropy(logits, LABELS) + 4 * apart
    torch.testing.assert_close(RDropLoss(alpha=4.)(logits, LABELS), expected)
    torch.testing.assert_close(RDropLoss(alpha=4.)(logits, LABELS, avg_factor=6), expected)


def test_equal_passes_have_the_plain_loss_and_others_are_drawn_together():
    logits = torch.randn(3, 4)
    twice = logits.repeat(2, 1)
    torch.testing.assert_close(RDropLoss(alpha=9.)(twice, LABELS), functional.cross_entropy(twice, LABELS))
    apart = (twice + torch.randn(6, 4)).requires_grad_()
    gradients = [torch.autograd.grad(RDropLoss(alpha=alpha)(apart, LABELS), apart)[0] for alpha in (0., 5.)]
    assert not torch.allclose(*gradients)
    steps = [(apart - .5 * gradient).softmax(1) for gradient in gradients]
    assert (steps[1][:3] - steps[1][3:]).abs().sum() < (steps[0][:3] - steps[0][3:]).abs().sum()


def test_a_loss_of_labels_that_knows_the_classes():
    loss = RDropLoss(4, loss=dict(type='LabelSmoothLoss', label_smooth_val=.1))
    assert loss.label_loss.num_classes == 4
    logits = torch.randn(3, 4).repeat(2, 1)
    torch.testing.assert_close(loss(logits, LABELS), functional.cross_entropy(logits, LABELS, label_smoothing=.1))


def test_weights_count_in_both_parts():
    logits, weight = torch.randn(6, 4), torch.tensor([1., 0., 0., 1., 0., 0.])
    one = RDropLoss(alpha=2.)(logits[::3], LABELS[::3])
    torch.testing.assert_close(RDropLoss(alpha=2.)(logits, LABELS, weight=weight, avg_factor=2), one)


@pytest.mark.parametrize('rows', [5, 6])
def test_other_batches_are_refused(rows):
    with pytest.raises(ConfigError, match='mmcomp.repeat_batch'):
        RDropLoss()(torch.randn(rows, 4), torch.arange(rows) % 4)
    with pytest.raises(ConfigError, match='at least 0'):
        RDropLoss(alpha=-1.)
