import numpy as np
import pytest

from mmcomp.predictions.counts.prior_estimation import SMOOTHING, confusion_prior, em_prior, leaning
from mmcomp.predictions.counts.redistribution import redistribution
from mmcomp.testing.proofs.leaning_predictions import class_counts, leaning_predictions

EVEN = np.full(60, 1 / 60)


def made_up(kind, lean=0., seed=0, each=40, noise=1.3):
    rng = np.random.default_rng(seed)
    return leaning_predictions(class_counts(kind, 60, each, rng), rng, noise, lean)


def distance(prior, truth):
    return abs(prior - np.bincount(truth, minlength=60) / len(truth)).sum() / 2


def test_em_is_the_plain_iteration():
    table, _ = made_up('shifted')
    trained = np.random.default_rng(1).dirichlet(np.full(60, 5.))
    prior = trained
    for _ in range(100):
        posterior = table.scores.astype(np.float64) * prior / trained
        posterior /= posterior.sum(axis=1, keepdims=True)
        prior = (posterior.sum(axis=0) + SMOOTHING) / (len(table) + 60 * SMOOTHING)
    np.testing.assert_allclose(em_prior(table.scores, trained), prior, rtol=.05, atol=1e-4)


@pytest.mark.parametrize('kind', ['long tail', 'shifted'])
def test_calibrated_scores_tell_the_prior_and_labels_gain(kind):
    table, truth = made_up(kind)
    prior = em_prior(table.scores, EVEN)
    assert distance(prior, truth) < .08 and distance(EVEN, truth) > .15
    found = redistribution(table, 'prior')
    np.testing.assert_allclose(found.prior, prior)
    assert (found.labels == truth).mean() > (table.labels() == truth).mean() + .005


def test_labelled_predictions_mend_a_leaning():
    both, truth = made_up('even', 3., each=120, noise=1.1)
    rng = np.random.default_rng(2)
    # The same model sees an even labelled half and a long-tailed test set.
    half = rng.permutation(len(both)) < len(both) // 2
    kept = ~half & (rng.random(len(both)) < np.exp(-3 * truth / 60))
    labelled, test = both.take(np.flatnonzero(half)), both.take(np.flatnonzero(kept))
    prices = leaning(labelled.scores, truth[half])
    wrong, mended = em_prior(test.scores, EVEN), em_prior(test.scores, EVEN, prices)
    counted = confusion_prior(test.labels(), labelled.labels(), truth[half], 60)
    assert distance(mended, truth[kept]) < distance(wrong, truth[kept]) / 3
    assert distance(counted, truth[kept]) < .1 and counted.sum() == pytest.approx(1)
    right = {name: (found.labels == truth[kept]).mean() for name, found in dict(
        argmax=redistribution(test, 'argmax'), blind=redistribution(test, 'prior'),
        mended=redistribution(test, 'prior', leaning=prices),
        counted=redistribution(test, 'prior', prior=counted, leaning=prices)).items()}
    assert min(right['mended'], right['counted']) > max(right['argmax'], right['blind']) + .05


def test_a_known_prior_is_logit_adjustment():
    table, truth = made_up('long tail')
    prior = np.bincount(truth, minlength=60) + 1.
    found = redistribution(table, 'prior', prior=prior)
    assert (found.labels == (table.scores * prior.astype(np.float32)).argmax(axis=1)).all()
    assert (redistribution(table, 'prior', prior=prior, strength=0.).labels == table.labels()).all()
