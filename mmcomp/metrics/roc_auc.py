"""Area under the ROC curve, with its standard error."""
import numpy as np


def auc_components(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each positive the share of negatives below it, for each negative the share of positives above it.

    A tie counts half. The mean of either is the area under the ROC curve; they
    are the structural components of DeLong, DeLong and Clarke-Pearson,
    "Comparing the Areas under Two or More Correlated Receiver Operating
    Characteristic Curves" (1988).

    Args:
        truth: ``(N,)`` booleans, some of each.
        scores: ``(N,)``; higher means positive.

    Returns:
        ``(P,)`` and ``(N - P,)`` float64, in the order of the rows.
    """
    truth = np.asarray(truth, bool)
    positive, negative = np.asarray(scores)[truth], np.asarray(scores)[~truth]
    return _share_below(positive, negative), 1 - _share_below(negative, positive)


def roc_auc(truth: np.ndarray, scores: np.ndarray) -> float:
    """The area: the chance that a positive scores above a negative; NaN where one kind is missing."""
    truth, scores = np.asarray(truth, bool), np.asarray(scores)
    if truth.all() or not truth.any():
        return float('nan')
    return float(_share_below(np.sort(scores[truth]), scores[~truth]).mean())  # sorted they are found faster


def roc_auc_error(truth: np.ndarray, scores: np.ndarray, others: np.ndarray | None = None) -> float:
    """Standard error of :func:`roc_auc`, or of its difference from that of ``others`` on the same rows."""
    parts = auc_components(truth, scores)
    if others is not None:
        parts = [mine - theirs for mine, theirs in zip(parts, auc_components(truth, others))]
    return float(np.sqrt(sum(part.var(ddof=1) / len(part) for part in parts)))


def _share_below(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    others = np.sort(others)
    ends = [np.searchsorted(others, values, side) for side in ('left', 'right')]
    return (ends[0] + ends[1]) / (2 * max(len(others), 1))
