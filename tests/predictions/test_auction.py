import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from mmcomp.predictions import auction
from mmcomp.predictions.auction import EPSILON, assign, whole_counts


def random_scores(samples, classes, seed=0):
    rng = np.random.default_rng(seed)
    scores = np.exp(2 * rng.standard_normal((samples, classes)) + 1.5 * rng.standard_normal(classes))
    return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def total_log(scores, labels):
    return float(np.log(scores[np.arange(len(scores)), labels].astype(np.float64)).sum())


@pytest.mark.parametrize('samples, classes', [(300, 10), (240, 80), (90, 90), (40, 1)])
@pytest.mark.parametrize('seed', range(2))
def test_exact_counts_at_nearly_the_optimum(samples, classes, seed):
    scores, each = random_scores(samples, classes, seed), samples // classes
    labels = assign(scores, each, each)
    assert (np.bincount(labels, minlength=classes) == each).all()
    _, column = linear_sum_assignment(-np.log(np.repeat(scores, each, axis=1).astype(np.float64)))
    best = total_log(scores, column // each)
    assert best - samples * EPSILON <= total_log(scores, labels) <= best + 1e-6


def test_bounds_hold_and_a_wider_room_is_no_worse():
    scores = random_scores(500, 12)
    totals = []
    for low, high in ((41, 42), (30, 60), (0, 500)):
        labels = assign(scores, low, high)
        counts = np.bincount(labels, minlength=12)
        assert counts.min() >= low and counts.max() <= high
        totals.append(total_log(scores, labels))
    assert totals[0] < totals[1] < totals[2]


def test_samples_without_a_place_among_their_choices_get_one(monkeypatch):
    monkeypatch.setattr(auction, 'CHOICES', 2)
    scores = random_scores(120, 30)
    labels = assign(scores, 4, 4)
    assert (np.bincount(labels, minlength=30) == 4).all()


def test_hard_zeros_do_not_stop_it():
    scores = np.zeros((60, 6), np.float32)
    scores[:, 0] = 1
    assert (np.bincount(assign(scores, 10, 10), minlength=6) == 10).all()


def test_whole_counts_keep_sum_and_bounds():
    rng = np.random.default_rng(0)
    for _ in range(50):
        expected = rng.dirichlet(np.ones(9)) * 200
        low, high = 10, 40
        counts = whole_counts(expected, low, high, 200)
        assert counts.sum() == 200 and counts.min() >= low and counts.max() <= high
        near = whole_counts(expected, 0, 200, 200)
        assert near.sum() == 200 and abs(near - expected).max() < 1
