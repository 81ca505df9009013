import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mmcomp.metrics.average_precision import average_precision


@pytest.mark.parametrize('decimals', [0, 1, 8])
def test_it_is_scikit_learns_with_ties_too(decimals):
    rng = np.random.default_rng(decimals)
    truth = rng.random(200) < .3
    scores = np.round(truth + rng.normal(size=200), decimals)
    assert average_precision(truth, scores) == pytest.approx(average_precision_score(truth, scores))


def test_ends():
    assert average_precision([True, False], [2., 1.]) == 1 and np.isnan(average_precision([False], [1.]))
