import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from mmcomp.predictions.counts import assignment, prior_scaling
from mmcomp.predictions.counts.assignment import assign


def random_scores(samples, classes, seed=0):
    rng = np.random.default_rng(seed)
    scores = np.exp(2 * rng.standard_normal((samples, classes)) + 1.5 * rng.standard_normal(classes))
    return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def total_log(scores, labels):
    return float(np.log(scores[np.arange(len(scores)), labels].astype(np.float64)).sum())


@pytest.mark.parametrize('samples, classes', [(300, 10), (240, 80), (90, 90), (40, 1)])
@pytest.mark.parametrize('seed', range(2))
def test_exact_counts_at_the_optimum(samples, classes, seed):
    scores, each = random_scores(samples, classes, seed), samples // classes
    found = assign(scores, each, each)
    assert (np.bincount(found.labels, minlength=classes) == each).all()
    _, column = linear_sum_assignment(-np.log(np.repeat(scores, each, axis=1).astype(np.float64)))
    best = total_log(scores, column // each)
    assert found.total == pytest.approx(best, abs=1e-6) and total_log(scores, found.labels) == pytest.approx(best)
    assert found.bound == pytest.approx(best, abs=1e-6) and found.gap < 1e-6


def test_bounds_hold_and_a_wider_room_is_no_worse():
    scores = random_scores(500, 12)
    totals = []
    for low, high in ((41, 42), (30, 60), (0, 500)):
        found = assign(scores, low, high)
        counts = np.bincount(found.labels, minlength=12)
        assert counts.min() >= low and counts.max() <= high and found.gap < 1e-6
        totals.append(found.total)
    assert totals[0] < totals[1] < totals[2]
    assert (found.labels == scores.argmax(axis=1)).all()


@pytest.mark.parametrize('choices', [1, 2, 5])
def test_few_candidates_are_widened_until_the_optimum_is_certain(monkeypatch, choices):
    scores = random_scores(120, 30)
    best = assign(scores, 4, 4)
    monkeypatch.setattr(assignment, 'CHOICES', choices)
    found = assign(scores, 4, 4)
    assert found.total == pytest.approx(best.total, abs=1e-6) and found.gap < 1e-6
    assert (np.bincount(found.labels, minlength=30) == 4).all()


def test_blocks_and_sampled_prices_change_nothing(monkeypatch):
    scores = random_scores(700, 20)
    best = assign(scores, 35, 35)
    monkeypatch.setattr(prior_scaling, 'BLOCK_BYTES', 4 * 20 * 64)
    monkeypatch.setattr(assignment, 'SAMPLED', 2000)
    assert assign(scores, 35, 35).total == pytest.approx(best.total, abs=1e-6)


@pytest.mark.parametrize('dtype', [np.float16, np.float64])
def test_hard_zeros_ties_and_other_precisions(dtype):
    scores = np.zeros((60, 6), dtype)
    scores[:, 0] = 1
    assert (np.bincount(assign(scores, 10, 10).labels, minlength=6) == 10).all()
    found = assign(np.round(random_scores(600, 6), 1).astype(dtype), 90, 110)
    counts = np.bincount(found.labels, minlength=6)
    assert counts.min() >= 90 and counts.max() <= 110 and found.gap < 1e-6
