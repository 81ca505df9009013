"""Area under the curve of precision over recall."""
import numpy as np


def average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    """Mean, over the positives, of the precision among all samples that score at least as high.

    Samples of one score come together, so their order does not matter.

    Args:
        truth: ``(N,)`` booleans.
        scores: ``(N,)``; higher means positive.

    Returns:
        0 to 1; NaN without a positive.
    """
    truth, scores = np.asarray(truth, bool), np.asarray(scores)
    if not truth.any():
        return float('nan')
    order = np.argsort(-scores, kind='stable')
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    found = np.cumsum(truth[order])[ends]
    return float(np.diff(found, prepend=0) @ (found / (ends + 1)) / found[-1])
