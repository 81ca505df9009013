import numpy as np
import pytest
from sklearn.metrics import f1_score

from mmcomp.metrics.f1 import class_f1, macro_f1, micro_f1, weighted_f1


@pytest.mark.parametrize('seed', range(5))
def test_they_are_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 6, 40), rng.integers(0, 9, 40)
    for ours, average in ((macro_f1, 'macro'), (micro_f1, 'micro'), (weighted_f1, 'weighted')):
        assert ours(predicted, truth) == pytest.approx(f1_score(truth, predicted, average=average, zero_division=0))


def test_a_class_that_is_nowhere_does_not_count():
    scores, true = class_f1([0, 0, 3], [0, 3, 3])
    assert np.isnan(scores[[1, 2]]).all() and true.tolist() == [1, 0, 0, 2]
    assert macro_f1([0, 0, 3], [0, 3, 3]) == pytest.approx(2 / 3)
