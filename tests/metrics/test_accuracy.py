import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, top_k_accuracy_score

from mmcomp.metrics.accuracy import accuracy, accuracy_error, mean_class_accuracy, paired_difference, top_k_accuracy


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    scores = rng.random((200, 7))
    return scores, np.concatenate([np.arange(7), rng.integers(0, 5, 193)])


@pytest.mark.parametrize('k', [1, 3, 6])
def test_top_k_is_scikit_learns(data, k):
    assert top_k_accuracy(*data, k) == pytest.approx(top_k_accuracy_score(data[1], data[0], k=k, labels=range(7)))
    assert top_k_accuracy(*data, 1) == accuracy(data[0].argmax(axis=1), data[1])


def test_ties_fall_as_in_argmax():
    scores = np.zeros((3, 4))
    assert [top_k_accuracy(scores, np.array([0, 1, 3]), k) for k in (1, 2, 4)] == pytest.approx([1 / 3, 2 / 3, 1])


def test_classes_count_the_same(data):
    scores, truth = data
    predicted = scores.argmax(axis=1)
    assert mean_class_accuracy(predicted, truth) == pytest.approx(balanced_accuracy_score(truth, predicted))
    assert mean_class_accuracy(np.array([0, 0, 0, 2]), np.array([0, 0, 2, 2])) == .75


def test_errors_are_those_of_repeated_draws():
    rng = np.random.default_rng(0)
    draws = (rng.random((4000, 100)) < .7).mean(axis=1)
    assert accuracy_error(.7, 100) == pytest.approx(draws.std(), rel=.05)
    truth = np.zeros(400, int)
    a, b = np.zeros(400, int), np.zeros(400, int)
    a[:40], b[:60] = 1, 1
    gain, error = paired_difference(a, b, truth)
    assert gain == pytest.approx(.05) and error < .6 * np.hypot(accuracy_error(.9, 400), accuracy_error(.85, 400))
