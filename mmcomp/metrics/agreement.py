"""Agreement of class predictions with the truth beyond that of chance."""
import numpy as np


def matthews(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Matthews' correlation coefficient for any number of classes, -1 to 1.

    0 where the truth or the predictions are all of one class. Source: Gorodkin,
    "Comparing two K-category assignments by a K-category correlation
    coefficient" (2004).

    Args:
        predicted: ``(N,)`` integers, N > 0.
        truth: ``(N,)`` integers.
    """
    right, true, guessed = _counts(predicted, truth)
    number = true.sum()
    spread = np.sqrt(number ** 2 - (guessed ** 2).sum()) * np.sqrt(number ** 2 - (true ** 2).sum())
    return float((number * right - true @ guessed) / spread) if spread > 0 else 0.


def kappa(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Cohen's kappa, -1 to 1; both ``(N,)`` integers. 1 where all are of one class and rightly so."""
    right, true, guessed = _counts(predicted, truth)
    chance, number = true @ guessed / true.sum() ** 2, true.sum()
    return float((right / number - chance) / (1 - chance)) if chance < 1 else 1.


def _counts(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Samples predicted right; samples of each class by the truth and by the predictions, as floats."""
    predicted, truth = np.asarray(predicted), np.asarray(truth)
    classes = int(max(predicted.max(), truth.max())) + 1
    true, guessed = (np.bincount(labels, minlength=classes).astype(float) for labels in (truth, predicted))
    return float((predicted == truth).sum()), true, guessed
