import numpy as np
import pytest

from mmcomp.predictions.counts.prior_scaling import class_prices, even_table, scaled_labels
from mmcomp.structures import PredictionTable


def random_scores(samples=600, classes=15, seed=0):
    rng = np.random.default_rng(seed)
    scores = np.exp(rng.standard_normal((samples, classes)) + 1.5 * rng.standard_normal(classes))
    return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def counts_at(scores, prices):
    scaled = scores.astype(np.float64) * np.exp(-prices)
    return (scaled / scaled.sum(axis=1, keepdims=True)).sum(axis=0)


def test_one_target_is_sinkhorns_matrix_scaling():
    scores = random_scores()
    prices, expected = class_prices(scores, 40, 40, iterations=200, tolerance=1e-7)
    np.testing.assert_allclose(expected, 40, rtol=1e-3)
    np.testing.assert_allclose(counts_at(scores, prices), expected, rtol=1e-4)
    matrix = scores.astype(np.float64)
    for _ in range(200):
        matrix *= 40 / matrix.sum(axis=0)
        matrix /= matrix.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scaled_labels(scores, prices), matrix.argmax(axis=1))


def test_bounds_hold_and_only_classes_at_a_bound_have_a_price():
    scores = random_scores()
    prices, expected = class_prices(scores, 30, 50, iterations=500, tolerance=1e-7)
    assert expected.min() > 29.9 and expected.max() < 50.1
    inside = (expected > 30.1) & (expected < 49.9)
    assert inside.any() and (prices[inside] == 0).all()
    assert (prices[expected > 49.9] >= 0).all() and (prices[expected < 30.1] <= 0).all()


def test_wide_bounds_change_nothing():
    scores = random_scores()
    prices, _ = class_prices(scores, 0, 600)
    assert (prices == 0).all()
    assert (scaled_labels(scores, prices) == scores.argmax(axis=1)).all()


@pytest.mark.parametrize('dtype', [np.float16, np.float64])
def test_zeros_and_other_precisions_are_fine(dtype):
    scores = random_scores()
    scores[:, 3] = 0
    scores[5] = np.eye(15)[2]
    prices, expected = class_prices(scores.astype(dtype), 40, 40, iterations=100)
    assert np.isfinite(prices).all() and expected.sum() == pytest.approx(600, rel=1e-3)


def test_even_tables_are_even_and_still_probabilities():
    rng, truth = np.random.default_rng(0), np.repeat(np.arange(3), 30)
    logits = 1.5 * np.eye(3)[truth] + rng.normal(size=(90, 3)) + [2, 0, 0]
    scores = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(np.float32)
    leaning = PredictionTable([f'{i}.png' for i in range(90)], scores)
    table = even_table(leaning).check()
    np.testing.assert_allclose(table.scores.sum(axis=0), 30, rtol=.02)
    assert (table.labels() == truth).mean() > (leaning.labels() == truth).mean()
