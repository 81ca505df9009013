"""The formulas are what they come to, and what the published run said about its training set."""
import numpy as np
import pytest

from mmcomp.competitions.jigsaw.weights import annotator_confidence, sample_weights
from mmcomp.errors import ConfigError, DataError


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    identities = np.where(rng.random((500, 1)) < .75, np.nan, rng.choice([0., .4, .5, 1.], (500, 9)))
    return rng.choice([0., .3, .5, .9], 500), identities, rng.integers(3, 40, 500)


def test_readme_weights_are_10_for_toxic_and_1_plus_6_n_for_clean_rows(rows):
    target, identities, _ = rows
    number = (np.nan_to_num(identities) >= .5).sum(axis=1)
    want = np.where(target >= .5, 10, 1 + 6 * number)
    np.testing.assert_array_equal(sample_weights(target, identities, normalize=False), want)
    np.testing.assert_allclose(sample_weights(target, identities), want / want.mean())


def test_the_statistics_of_the_published_run():
    """Mean 2.331: the least normalised weight was .42898, the most 21.02, of a clean row with eight identities."""
    raw = sample_weights(np.array([.1, .1]), np.array([[np.nan] * 9, [1.] * 8 + [0.]]), normalize=False)
    np.testing.assert_allclose(raw / 2.3311, [.42898, 21.02], rtol=1e-4)


def test_quarters_as_published_and_as_meant(rows):
    target, identities, _ = rows
    toxic, mentioned = target >= .5, np.nan_to_num(identities) >= .5
    some = mentioned.any(axis=1)
    kept = ~mentioned.all(axis=1)
    weights = sample_weights(target, identities, mode='quarter', normalize=False)
    np.testing.assert_array_equal(weights[kept], np.select([some, toxic], [.75, .5], .25)[kept])
    meant = sample_weights(target, identities, mode='auc_count', normalize=False)
    np.testing.assert_array_equal(meant, np.where(some, .75, .5))


@pytest.mark.parametrize('mode', ['readme', 'quarter', 'auc_count'])
@pytest.mark.parametrize('confidence', [None, 'linear', 'clip', 'log'])
def test_all_compose_and_have_mean_one(rows, mode, confidence):
    assert sample_weights(*rows, mode=mode, confidence=confidence).mean() == pytest.approx(1)


def test_confidence(rows):
    counts = np.array([4., 4, 4, 4, 84])
    np.testing.assert_allclose(annotator_confidence(counts, 'linear'), counts / 20)
    clipped = np.array([.2, .2, .2, .2, 3])
    np.testing.assert_allclose(annotator_confidence(counts), clipped / clipped.mean())
    ratio = np.divide(*annotator_confidence(counts, 'log')[[4, 0]])
    assert ratio == pytest.approx(np.log(86) / np.log(6))
    target, identities, counts = rows
    want = sample_weights(target, identities, normalize=False) * np.log(counts + 2)
    np.testing.assert_allclose(sample_weights(*rows, confidence='log'), want / want.mean())


def test_wrong_settings_are_told(rows):
    with pytest.raises(ConfigError, match='`mode` must be one of .*Did you mean `quarter`'):
        sample_weights(*rows, mode='quater')
    with pytest.raises(ConfigError, match='`counts` must be given'):
        sample_weights(*rows[:2], confidence='log')
    with pytest.raises(DataError, match='annotator count.*row 1: nan'):
        annotator_confidence([1., np.nan])
