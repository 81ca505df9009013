import numpy as np
import pytest

from mmcomp.predictions.counts import strength
from mmcomp.predictions.counts.redistribution import redistribution
from mmcomp.predictions.counts.strength import evident_strength
from mmcomp.testing.proofs.leaning_predictions import class_counts, leaning_predictions


def made_up(kind, leaning, noise=.9, sharpness=1., seed=0, classes=80):
    rng = np.random.default_rng(seed)
    return leaning_predictions(class_counts(kind, classes, 18, rng), rng, noise, leaning, sharpness)


def gain(kind, *args, **kwargs):
    """Of the default over top scores: right labels more, in standard errors."""
    table, truth = made_up(kind, *args, **kwargs)
    found = redistribution(table)
    more = (found.labels == truth).astype(float) - (table.labels() == truth)
    return more.mean() / (more.std() / np.sqrt(len(more)) or 1.), found


@pytest.mark.parametrize('kind', ['even', 'multinomial'])
@pytest.mark.parametrize('sharpness', [.6, 1., 1.5])
def test_a_leaning_model_on_an_even_test_set_gains(kind, sharpness):
    errors, found = gain(kind, 3., sharpness=sharpness, classes=200)
    assert errors > 4 and found.evidence.value >= .375 and found.method == 'sinkhorn'


@pytest.mark.parametrize('kind', ['multinomial', 'long tail', 'shifted'])
@pytest.mark.parametrize('leaning', [0., 1., 3.])
@pytest.mark.parametrize('noise', [.7, 1.2])
@pytest.mark.parametrize('seed', range(2))
def test_an_uneven_test_set_does_not_lose(kind, leaning, noise, seed):
    errors, found = gain(kind, leaning, noise, seed=seed)
    assert errors > -2
    if kind != 'multinomial':
        assert found.evidence.value <= .25


def test_without_leaning_nothing_much_happens():
    for seed in range(3):
        errors, found = gain('even', 0., seed=seed)
        assert errors > -2


def test_a_part_of_the_rows_says_the_same(monkeypatch):
    table, _ = made_up('even', 3.)
    whole = evident_strength(table.scores)
    monkeypatch.setattr(strength, 'SAMPLED', table.scores.size // 3)
    part = evident_strength(table.scores)
    assert abs(part.value - whole.value) <= .25 and part.error > whole.error


def test_towards_a_given_prior():
    table, truth = made_up('long tail', 3.)
    parts = np.bincount(truth, minlength=80) + .5
    found = redistribution(table, strength='auto', prior=parts)
    assert found.evidence.value >= .5
    assert (found.labels == truth).mean() > (table.labels() == truth).mean() + .05
