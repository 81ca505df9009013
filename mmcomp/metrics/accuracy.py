"""Accuracy of class predictions, and how far to trust it."""
import math

import numpy as np


def accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Part of the samples predicted right; both ``(N,)`` integers, N > 0."""
    return float(np.mean(np.asarray(predicted) == np.asarray(truth)))


def top_k_accuracy(scores: np.ndarray, truth: np.ndarray, k: int = 1) -> float:
    """Part of the samples whose true class is among the ``k`` highest scores.

    Classes that score the same as the true one count as higher only if their
    index is smaller, as in ``argmax``.

    Args:
        scores: ``(N, C)``.
        truth: ``(N,)`` integers.
        k: From 1 to C.
    """
    truth = np.asarray(truth)
    own = scores[np.arange(len(truth)), truth][:, None]
    earlier = np.arange(scores.shape[1]) < truth[:, None]
    ahead = (scores > own) | ((scores == own) & earlier)
    return float(np.mean(ahead.sum(axis=1) < k))


def mean_class_accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean of the accuracies within each true class that occurs."""
    predicted, truth = np.asarray(predicted), np.asarray(truth)
    number = np.bincount(truth)
    right = np.bincount(truth[predicted == truth], minlength=len(number))
    return float(np.mean(right[number > 0] / number[number > 0]))


def accuracy_error(value: float, samples: int) -> float:
    """Standard error of an accuracy measured on ``samples`` independent samples."""
    return math.sqrt(value * (1 - value) / samples)


def paired_difference(predicted: np.ndarray, other: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Gain in accuracy of ``predicted`` over ``other`` on the same samples, and its standard error.

    Much narrower than two separate errors, as most samples are right or wrong in both.
    """
    gain = (np.asarray(predicted) == truth).astype(float) - (np.asarray(other) == truth)
    return float(gain.mean()), float(gain.std() / math.sqrt(len(gain)))
