"""The area is the chance of a right pair; its error is that of resampling."""
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mmcomp.metrics.roc_auc import auc_components, roc_auc, roc_auc_error


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    truth = rng.random(600) < .2
    first = np.round(truth + rng.normal(0, 1.2, 600), 1)
    return truth, first, np.round(first + rng.normal(0, .8, 600), 1)


def test_it_is_the_share_of_right_pairs_and_a_tie_is_half_a_one(rows):
    truth, scores, _ = rows
    pairs = scores[truth][:, None] - scores[~truth]
    assert roc_auc(truth, scores) == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean(), abs=1e-12)
    assert roc_auc(truth, scores) == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    positive, negative = auc_components(truth, scores)
    assert positive.mean() == pytest.approx(negative.mean())
    assert roc_auc([False, True], [.5, .5]) == .5


def test_one_kind_alone_has_no_area():
    assert np.isnan(roc_auc([True, True], [.1, .2])) and np.isnan(roc_auc([], []))


def test_errors_are_those_of_the_bootstrap(rows):
    truth, first, second = rows
    rng = np.random.default_rng(1)
    drawn = [rng.integers(0, len(truth), len(truth)) for _ in range(1000)]
    areas = np.array([[roc_auc(truth[d], s[d]) for s in (first, second)] for d in drawn])
    assert roc_auc_error(truth, first) == pytest.approx(areas[:, 0].std(), rel=.1)
    paired = roc_auc_error(truth, first, second)
    assert paired == pytest.approx((areas[:, 0] - areas[:, 1]).std(), rel=.1)
    assert paired < np.hypot(roc_auc_error(truth, first), roc_auc_error(truth, second)), 'the same rows'
