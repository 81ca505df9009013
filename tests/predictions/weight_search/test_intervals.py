import numpy as np
import pytest

from mmcomp.metrics.by_name import find_metric
from mmcomp.predictions.weight_search.intervals import Gain, paired_gain


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 500)
    first, second = (np.where(rng.random(500) < p, truth, rng.integers(0, 4, 500)) for p in (.7, .6))
    return first, second, truth


@pytest.mark.parametrize('name', ['accuracy', 'macro_f1'])
def test_it_is_the_difference_and_its_bootstrap(rows, name):
    first, second, truth = rows
    metric, rng = find_metric(name), np.random.default_rng(1)
    gain = paired_gain(metric, first, second, truth)
    assert gain.value == pytest.approx(metric.value(first, truth) - metric.value(second, truth))
    drawn = [rng.integers(0, 500, 500) for _ in range(1500)]
    drawn = [metric.value(first[d], truth[d]) - metric.value(second[d], truth[d]) for d in drawn]
    assert (gain.low, gain.high) == pytest.approx(tuple(np.quantile(drawn, (.025, .975))), abs=.01)


def test_a_formula_is_the_bootstrap_too(rows):
    rng, metric, truth = np.random.default_rng(1), find_metric('roc_auc'), rows[2] > 1
    first, second = truth + rng.normal(size=(2, 500))
    gain, groups = paired_gain(metric, first, second, truth), np.arange(500)
    drawn = paired_gain(metric, first, second, truth, groups)
    assert gain.value == drawn.value and (gain.low, gain.high) == pytest.approx((drawn.low, drawn.high), abs=.01)
    assert paired_gain(metric, first[:3], second[:3], np.array([1, 0, 0])).is_noise, 'one positive tells nothing'


def test_a_loss_gains_by_falling():
    rng, metric = np.random.default_rng(0), find_metric('log_loss')
    better = rng.uniform(.5, .9, 300)
    gain = paired_gain(metric, better, better / 1.1, np.zeros(300, int))
    assert gain.low == pytest.approx(np.log(1.1)) == gain.value and not gain.is_noise
    assert paired_gain(metric, better, better, np.zeros(300, int)).is_noise


@pytest.mark.parametrize('name', ['accuracy', 'macro_f1', 'log_loss'])
def test_copies_of_a_sample_are_no_evidence(rows, name):
    """Each sample nine times, told as groups: as wide as once."""
    first, second, truth = rows
    if name == 'log_loss':
        first, second = np.random.default_rng(2).random((2, 500))
    groups = np.tile(np.arange(500), 9)
    once, told, blind = (paired_gain(find_metric(name), *(np.tile(v, t) for v in (first, second, truth)), g, 300)
                         for t, g in ((1, None), (9, groups), (9, None)))
    widths = [g.high - g.low for g in (once, told, blind)]
    assert widths[1] == pytest.approx(widths[0], rel=.2) and widths[2] == pytest.approx(widths[0] / 3, rel=.25)


def test_many_samples_are_drawn_in_chunks_to_the_same_end():
    rng, metric = np.random.default_rng(0), find_metric('log_loss')
    first, second = rng.uniform(.2, 1, (2, 30_001))
    gain = paired_gain(metric, first, second, np.zeros(30_001, int))
    difference = np.log(first) - np.log(second)
    error = difference.std() / np.sqrt(len(difference))
    assert gain.value == pytest.approx(difference.mean())
    ends = gain.value - 1.96 * error, gain.value + 1.96 * error
    assert (gain.low, gain.high) == pytest.approx(ends, abs=.2 * error)


def test_words():
    assert Gain(.0012, -.0008, .0032).words(find_metric('accuracy')) == '+0.12 ± 0.20 points'
    assert Gain(-.01234, -.02, .0).words(find_metric('log_loss')) == '-0.01234 ± 0.01000'
