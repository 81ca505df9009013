"""Weights fall with the count; probabilities alone are boosted; folds must agree."""
import numpy as np
import pytest

from mmcomp.errors import ConfigError, TableError
from mmcomp.metrics.f1 import macro_f1
from mmcomp.metrics.log_loss import true_log_loss
from mmcomp.predictions.counts.class_boost import (
    BOOSTS,
    UNCHANGED,
    Boost,
    as_metric,
    boosted,
    tune_boost,
    weights_table,
)
from mmcomp.structures import PredictionTable

COUNTS = np.array([400, 200, 100, 50, 25, 12])


def leaning(seed=0, tilt=.8, rows=1200):
    """Out-of-fold predictions that say frequent classes too often, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(COUNTS), rows, p=COUNTS / COUNTS.sum())
    truth[:60] = np.repeat(np.arange(6), 10)
    logits = rng.normal(size=(rows, len(COUNTS))) + 2.2 * np.eye(len(COUNTS))[truth] + tilt * np.log(COUNTS)
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return PredictionTable([f'{i}.jpg' for i in range(rows)], scores.astype(np.float32)), truth


def test_the_published_weights():
    weights = Boost(k=10, g=1, b=1).weights(np.array([19, 50, 100, 1000, 10000]))
    np.testing.assert_allclose(weights, [1.526, 1.2, 1.1, 1.01, 1.001], atol=5e-4)


@pytest.mark.parametrize('boost', [*BOOSTS, Boost(cap=1.2), Boost(tau=1., cap=3.)])
def test_weights_never_rise_with_the_count(boost):
    weights = boost.weights(np.arange(1, 500))
    assert (np.diff(weights) <= 0).all() and (weights > 0).all()
    assert boost.cap is None or weights.max() <= boost.cap * weights.min() * (1 + 1e-12)


def test_classes_without_samples():
    counts = np.array([0, 5, 10])
    assert Boost().weights(counts).tolist() == [3, 3, 2] and Boost(unseen='one').weights(counts).tolist() == [1, 3, 2]
    assert Boost(tau=1.).weights(counts).tolist() == [3, 3, 1.5]


def test_the_prior_form_is_an_adjustment_of_logarithms():
    table, _ = leaning()
    adjusted = np.log(table.scores) - .7 * np.log(COUNTS / COUNTS.sum())
    expected = np.exp(adjusted) / np.exp(adjusted).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(boosted(table, Boost(tau=.7).weights(COUNTS)).scores, expected, rtol=1e-4)


def test_equal_weights_change_nothing_and_rows_stay_probabilities():
    table, _ = leaning()
    np.testing.assert_allclose(boosted(table, UNCHANGED.weights(COUNTS)).scores, table.scores, rtol=1e-6)
    boosted(table, Boost(k=100.).weights(COUNTS)).check()


def test_what_is_refused():
    table, truth = leaning()
    for kind in ('logit', 'value'):
        other = PredictionTable(table.ids, np.log(table.scores), kind)
        with pytest.raises(TableError, match='must be probability'):
            boosted(other, np.ones(6))
        with pytest.raises(TableError, match='must be probability'):
            tune_boost(other, truth)
    with pytest.raises(TableError, match='no negatives'):
        boosted(PredictionTable(table.ids, table.scores - .1), np.ones(6))
    with pytest.raises(TableError, match='one a class'):
        boosted(table, np.ones(5))
    for settings in (dict(k=-1.), dict(cap=.5), dict(k=0., b=0.), dict(unseen='none'), dict(tau=float('nan'))):
        with pytest.raises(TableError):
            Boost(**settings)
    with pytest.raises(TableError, match='one above 0'):
        Boost().weights(np.zeros(3))
    with pytest.raises(ConfigError, match='package.module:name'):
        as_metric('mmcomp.metrics.f1:macro')


def test_a_leaning_is_found_and_the_search_never_lowers_what_it_looks_at():
    table, truth = leaning()
    tuned = tune_boost(table, truth, COUNTS, 'macro_f1')
    assert not tuned.refused and tuned.chosen != UNCHANGED and min(tuned.lifts) >= 0
    assert tuned.plain == pytest.approx(macro_f1(table.labels(), truth))
    after = boosted(table, tuned.chosen.weights(COUNTS))
    assert tuned.value == pytest.approx(macro_f1(after.labels(), truth)) and tuned.value > tuned.plain + .02
    losses = tune_boost(table, truth, COUNTS, 'log_loss')
    own = table.scores[np.arange(len(truth)), truth]
    assert losses.plain == pytest.approx(true_log_loss(own), rel=1e-4) and losses.value <= losses.plain


def test_folds_that_disagree_are_refused():
    table, truth = leaning(tilt=0., rows=300)
    right = table.scores**2.2 * COUNTS  # as Bayes has it for this noise, so that there is nothing to gain
    table = PredictionTable(table.ids, right / right.sum(axis=1, keepdims=True))
    tuned = [tune_boost(table, truth, COUNTS, 'accuracy', seed=seed) for seed in range(8)]
    for one in tuned:
        agreed = min(one.lifts) >= 0 and max(one.lifts) > 0
        assert one.chosen == (one.best if agreed else UNCHANGED) and one.value >= one.plain
    refused = [one for one in tuned if one.refused]
    assert refused and all('disagree' in one.words()[-1] for one in refused)


def test_any_function_of_labels_is_a_metric():
    table, truth = leaning()

    def both_levels(predicted, true):
        return (macro_f1(predicted, true) + macro_f1(predicted // 2, true // 2)) / 2

    tuned = tune_boost(table, truth, COUNTS, both_levels)
    assert tuned.metric.name == 'both_levels' and tuned.plain == pytest.approx(both_levels(table.labels(), truth))
    assert tune_boost(table, truth, COUNTS, 'top_2_accuracy').value <= 1
    assert as_metric('mmcomp.metrics.f1:macro_f1').value is macro_f1
    assert as_metric('mmcomp.competitions.wechat.scoring:SCORE').name == 'wechat_score'


def test_a_few_lines_of_weights():
    text = weights_table(list('abcdef'), COUNTS, Boost().weights(COUNTS), rows=4)
    assert [line.split()[0] for line in text.splitlines()] == ['class', 'f', 'e', '…', 'b', 'a']
