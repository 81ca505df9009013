"""Softmax EQL: the published formula in loops, and gradients really collected."""
import math

import pytest
import torch
import torch.nn.functional as F

from mmcomp.errors import ConfigError
from mmcomp.models.losses import SoftmaxEQLLoss
from mmcomp.models.losses.softmax_eql_loss import softmax_gradients


def _naive(logits, labels, g, tau, eps):
    """``tau * log(g_j / g_i)`` on every non-target logit, then cross entropy."""
    total = 0.0
    for row, i in zip(logits.tolist(), labels.tolist()):
        row = [z if j == i else z + tau * math.log(max(g[j], eps) / max(g[i], eps)) for j, z in enumerate(row)]
        total += math.log(sum(math.exp(z) for z in row)) - row[i]
    return total / len(labels)


@pytest.mark.parametrize('tau', [0.5, 1.0])
def test_equals_the_published_formula(tau):
    torch.manual_seed(0)
    logits, labels, g = torch.randn(8, 4), torch.randint(4, (8, )), [2.0, 0.3, 0.0, 5.0]
    loss = SoftmaxEQLLoss(4, tau=tau).eval()
    loss.pos_grad.copy_(torch.tensor(g))
    assert math.isclose(loss(logits, labels), _naive(logits, labels, g, tau, 1e-4), rel_tol=1e-5)


def test_it_starts_as_cross_entropy_and_differs_after_one_step():
    torch.manual_seed(0)
    logits, labels = torch.randn(8, 4), torch.tensor([0, 0, 0, 0, 0, 0, 1, 2])
    loss, plain = SoftmaxEQLLoss(4), F.cross_entropy(logits, labels)
    torch.testing.assert_close(loss(logits.requires_grad_(), labels), plain)
    assert not torch.allclose(loss(logits, labels), plain, atol=0.05)
    # The unseen class 3 and the rare ones now weigh less as negatives of class 0.
    assert loss.pos_grad[0] > loss.pos_grad[1] > loss.pos_grad[3] == 0


@pytest.mark.parametrize('soft', [False, True])
def test_collected_sums_are_the_gradients_of_autograd(soft):
    torch.manual_seed(0)
    loss = SoftmaxEQLLoss(5)
    loss.pos_grad.copy_(torch.rand(5))
    before = loss.pos_grad.clone()
    logits = torch.randn(12, 5).requires_grad_()
    labels = torch.randint(5, (12, ))
    target = F.one_hot(labels, 5).float()
    if soft:
        target = 0.7 * target + 0.3 * target.flip(0)
    loss(logits, target if soft else labels, avg_factor=12).backward()
    torch.testing.assert_close(loss.pos_grad - before, (logits.grad.abs() * target).sum(0))
    torch.testing.assert_close(loss.neg_grad, (logits.grad.abs() * (1 - target)).sum(0))


def test_loss_scale_and_accumulation_leave_no_trace():
    """AMP multiplies the loss before the backward pass, accumulation divides it."""
    sums = []
    for factor in (1.0, 65536.0, 0.25):
        loss = SoftmaxEQLLoss(3)
        logits = torch.tensor([[1.0, 2.0, 0.5], [0.0, 1.0, 1.0]], requires_grad=True)
        (factor * loss(logits, torch.tensor([0, 2]))).backward()
        sums.append(loss.pos_grad)
    torch.testing.assert_close(sums[0], sums[1], rtol=0, atol=0)
    torch.testing.assert_close(sums[0], sums[2], rtol=0, atol=0)


def test_half_precision_logits_give_float32_sums():
    loss = SoftmaxEQLLoss(3)
    logits = torch.randn(4, 3).bfloat16().requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        value = loss(logits, torch.tensor([0, 1, 2, 0]))
    assert value.dtype == torch.float32
    expected, _ = softmax_gradients(logits.detach().float(), torch.tensor([0, 1, 2, 0]), torch.full((4, ), 0.25))
    torch.testing.assert_close(loss.pos_grad, expected)


def test_nothing_is_collected_while_validating():
    loss, logits = SoftmaxEQLLoss(3), torch.randn(2, 3)
    with torch.no_grad():
        loss(logits, torch.tensor([0, 1]))
    loss.eval()(logits.requires_grad_(), torch.tensor([0, 1]))
    assert not loss.pos_grad.any() and not loss.neg_grad.any()


def test_ratio_indicator_spares_classes_with_more_negative_gradients():
    loss = SoftmaxEQLLoss(2, indicator='pos_neg_ratio')
    loss.pos_grad.copy_(torch.tensor([4.0, 4.0]))
    loss.neg_grad.copy_(torch.tensor([1.0, 8.0]))
    prior = loss.log_prior()
    torch.testing.assert_close((prior[0] - prior[1]).exp(), torch.tensor(8.0), rtol=1e-3, atol=0)


def test_unknown_indicator():
    with pytest.raises(ConfigError, match='indicator'):
        SoftmaxEQLLoss(3, indicator='negative')
