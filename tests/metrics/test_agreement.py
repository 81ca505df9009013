import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef

from mmcomp.metrics.agreement import kappa, matthews


@pytest.mark.parametrize('seed', range(5))
def test_they_are_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, 60)
    predicted = np.where(rng.random(60) < .5, truth, rng.integers(0, 7, 60))
    assert matthews(predicted, truth) == pytest.approx(matthews_corrcoef(truth, predicted))
    assert kappa(predicted, truth) == pytest.approx(cohen_kappa_score(truth, predicted))


def test_ends():
    truth = np.array([0, 1, 1, 2])
    assert matthews(truth, truth) == pytest.approx(1) and kappa(truth, truth) == pytest.approx(1)
    assert matthews(np.zeros(4, int), truth) == 0 and kappa(np.zeros(4, int), np.zeros(4, int)) == 1
