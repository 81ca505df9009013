import numpy as np
import pytest
from sklearn.metrics import log_loss as reference

from mmcomp.metrics.log_loss import log_loss, true_log_loss


def test_it_is_scikit_learns():
    rng = np.random.default_rng(0)
    scores, truth = rng.dirichlet(np.ones(4), 50), rng.integers(0, 4, 50)
    assert log_loss(scores, truth) == pytest.approx(reference(truth, scores, labels=range(4)), rel=1e-9)


def test_no_probability_costs_much_and_not_everything():
    assert true_log_loss(np.array([0., 1.])) == pytest.approx(-np.log(1e-15) / 2)
