"""The formula as a loop, and the published settings of it."""
import math

import pytest
import torch

from mmcomp.errors import ConfigError
from mmcomp.models.losses import WeightedMultiTaskBCELoss

B, T = 7, 6


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(B, T, generator=generator), torch.rand(B, T, generator=generator),
            torch.rand(B, generator=generator) * 2)


def bce(logit, target):
    p = 1 / (1 + math.exp(-float(logit)))
    return -(float(target) * math.log(p) + (1 - float(target)) * math.log(1 - p))


def test_weights_on_all_tasks_as_bert(data):
    logits, target, weight = data
    expected = sum(float(weight[b]) * bce(logits[b, t], target[b, t]) for b in range(B) for t in range(T)) / (B * T)
    assert float(WeightedMultiTaskBCELoss()(logits, target, weight)) == pytest.approx(expected, rel=1e-5)


def test_weights_on_the_main_task_as_the_first_lstm(data):
    logits, target, weight = data
    main = sum(float(weight[b]) * bce(logits[b, 0], target[b, 0]) for b in range(B)) / B
    others = sum(bce(logits[b, t], target[b, t]) for b in range(B) for t in range(1, T)) / (B * (T - 1))
    loss = WeightedMultiTaskBCELoss(task_weights=[1.] + [.2] * 5, weighted_tasks=[0])
    assert float(loss(logits, target, weight)) == pytest.approx(main + others, rel=1e-5)


def test_a_hard_main_task_beside_its_shares_as_the_second_lstm(data):
    logits, target, weight = data
    target[:, 1] = target[:, 0]
    main = sum(float(weight[b]) * bce(logits[b, 0], target[b, 0] >= .5) for b in range(B)) / B
    others = sum(bce(logits[b, t], target[b, t]) for b in range(B) for t in range(1, T)) / (B * (T - 1))
    loss = WeightedMultiTaskBCELoss(task_weights=[1.] + [.2] * 5, weighted_tasks=[0], binarize=.5, binarized_tasks=[0])
    before = target.clone()
    assert float(loss(logits, target, weight)) == pytest.approx(main + others, rel=1e-5)
    assert (target == before).all()


def test_equal_weights_are_none_and_others_are_not(data):
    logits, target, weight = data
    loss = WeightedMultiTaskBCELoss()
    plain = torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
    torch.testing.assert_close(loss(logits, target), plain)
    torch.testing.assert_close(loss(logits, target, torch.ones(B)), plain)
    assert not torch.isclose(loss(logits, target, weight), plain)


def test_a_missing_target_is_left_out(data):
    logits, target, _ = data
    target[0, 1] = target[3, 1] = float('nan')
    logits.requires_grad_()
    value = WeightedMultiTaskBCELoss(binarize=0.5)(logits, target)
    value.backward()
    assert logits.grad[0, 1] == logits.grad[3, 1] == 0 and logits.grad.isfinite().all()
    rows = [[b for b in range(B) if t != 1 or b not in (0, 3)] for t in range(T)]
    expected = sum(sum(bce(logits[b, t], target[b, t] >= .5) for b in rows[t]) / len(rows[t]) for t in range(T)) / T
    assert float(value) == pytest.approx(expected, rel=1e-5)


def test_accumulated_halves_are_the_whole(data):
    logits, target, weight = (part[:6] for part in data)
    loss = WeightedMultiTaskBCELoss()
    halves = [loss(logits[i:i + 3], target[i:i + 3], weight[i:i + 3]) for i in (0, 3)]
    torch.testing.assert_close(sum(halves) / 2, loss(logits, target, weight))


def test_smoothing_and_a_wrong_number(data):
    logits, target, _ = data
    smoothed = WeightedMultiTaskBCELoss(label_smoothing=0.2)(logits, target)
    torch.testing.assert_close(smoothed, WeightedMultiTaskBCELoss()(logits, 0.8 * target + 0.1))
    with pytest.raises(ConfigError, match='task_weights.*6 numbers'):
        WeightedMultiTaskBCELoss([1., 2.])(logits, target)
    with pytest.raises(ConfigError, match='`targets` must be 6 a sample.*got 5.*num_classes'):
        WeightedMultiTaskBCELoss()(logits, target[:, :5])
