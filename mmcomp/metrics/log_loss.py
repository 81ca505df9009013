"""Cross entropy of predicted probabilities."""
import numpy as np

FLOOR = 1e-15  # a true class with probability zero costs as much as one with this


def true_log_loss(probability: np.ndarray) -> float:
    """:func:`log_loss` from the probabilities of the true classes alone, ``(N,)``, N > 0."""
    return float(-np.log(np.maximum(probability, FLOOR)).mean())


def log_loss(scores: np.ndarray, truth: np.ndarray) -> float:
    """Mean of minus the logarithm of the true class's probability, in nats.

    Args:
        scores: ``(N, C)`` probabilities, N > 0.
        truth: ``(N,)`` integers.
    """
    return true_log_loss(np.asarray(scores)[np.arange(len(truth)), truth])
