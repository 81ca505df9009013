"""F1 of class predictions, averaged over classes or over samples."""
import numpy as np


def class_f1(predicted: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F1 of every class, and how many samples are truly of it.

    ``2 tp / (predicted + true)``; 0 for a class that is only predicted or only
    true, NaN for one that is neither.

    Args:
        predicted: ``(N,)`` integers, N > 0.
        truth: ``(N,)`` integers.

    Returns:
        ``(C,)`` float64 and ``(C,)`` integers, C being one above the highest label.
    """
    predicted, truth = np.asarray(predicted), np.asarray(truth)
    classes = int(max(predicted.max(), truth.max())) + 1
    right = np.bincount(truth[predicted == truth], minlength=classes)
    true = np.bincount(truth, minlength=classes)
    both = true + np.bincount(predicted, minlength=classes)
    return np.divide(2 * right, both, out=np.full(classes, np.nan), where=both > 0), true


def macro_f1(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean of the F1 of all classes that are true or predicted somewhere, as scikit-learn counts."""
    return float(np.nanmean(class_f1(predicted, truth)[0]))


def weighted_f1(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean of the F1 of all classes, each weighted by its true samples."""
    scores, true = class_f1(predicted, truth)
    return float(np.nansum(scores * true) / true.sum())


def micro_f1(predicted: np.ndarray, truth: np.ndarray) -> float:
    """F1 over all decisions together; with one label a sample it is the accuracy."""
    return float(np.mean(np.asarray(predicted) == np.asarray(truth)))
