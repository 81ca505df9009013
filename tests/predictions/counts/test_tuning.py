import numpy as np
import pytest

from mmcomp.errors import ConfigError
from mmcomp.predictions.counts.tuning import WAYS, Way, tune
from mmcomp.testing.proofs.leaning_predictions import class_counts, leaning_predictions


def made_up(kind, leaning, classes=40, each=20, seed=0):
    rng = np.random.default_rng(seed)
    return leaning_predictions(class_counts(kind, classes, each, rng), rng, .9, leaning)


def test_a_gain_is_found_and_holds_on_the_whole():
    table, truth = made_up('even', 3.)
    tuned = tune(table, truth)
    assert tuned.chosen == tuned.best and tuned.chosen.method in ('sinkhorn', 'assignment')
    assert tuned.interval[0] < tuned.gain < tuned.interval[1] and tuned.gain > .05
    labels = tuned.chosen.apply(table).labels
    assert (labels == truth).mean() > (table.labels() == truth).mean() + .05
    assert 'taken: ' in tuned.words()[1]


def test_a_gain_within_the_noise_is_refused():
    for seed in range(3):
        table, truth = made_up('shifted', 0., seed=seed)
        tuned = tune(table, truth, [way for way in WAYS if way.method != 'prior'])
        assert tuned.chosen.method == 'argmax' and 'noise' in tuned.words()[1]
    assert any('as uneven' in line for line in tuned.words())
    assert not any('as uneven' in line for line in tune(*made_up('multinomial', 0.), WAYS[:1]).words())


def test_the_gain_is_honest():
    """With no signal at all, choosing the best of many ways gives nothing on samples held out."""
    gains = []
    for seed in range(8):
        table, truth = made_up('multinomial', 0., classes=20, each=9, seed=seed)
        random = np.random.default_rng(seed).permutation(truth)
        gains.append(tune(table, random, folds=3).gain)
    assert abs(np.mean(gains)) < 2.5 * np.std(gains) / np.sqrt(8) + 1e-3


def test_settings_are_relative_to_the_mean_count():
    table, _ = made_up('even', 2.)
    counts = np.bincount(Way('assignment', width=.1).apply(table).labels, minlength=40)
    assert counts.min() >= 18 and counts.max() <= 22
    assert str(Way('greedy', part=.75)) == 'greedy K / (N / C) 0.75'


def test_too_few_samples():
    table, truth = made_up('even', 2.)
    with pytest.raises(ConfigError, match='at least 80'):
        tune(table.take(np.arange(60)), truth[:60])
