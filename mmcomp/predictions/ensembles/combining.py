"""Ways to combine the scores of several models: pure functions of blocks of rows."""
import numpy as np

METHODS = ('mean', 'geometric', 'power', 'logit', 'rank')
NEAREST = np.float32(1e-7)  # stands for zero, and from one for one, where a logit is taken
SMALLEST = np.float32(1e-30)  # stands for zero where a logarithm is taken


def softmax(logits: np.ndarray) -> np.ndarray:
    """Row by row, ``(N, C)``, in place."""
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    return normalized(logits)


def normalized(scores: np.ndarray) -> np.ndarray:
    """Rows divided by their sums, in place."""
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def log(scores: np.ndarray) -> np.ndarray:
    """In place, with zeros as :data:`SMALLEST`."""
    np.maximum(scores, SMALLEST, out=scores)
    return np.log(scores, out=scores)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Row by row, in place."""
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logits


def tempered(scores: np.ndarray, kind: str, temperature: float) -> np.ndarray:
    """Logits divided by a temperature; of probabilities those of their logarithms. In place."""
    if temperature == 1:
        return scores
    if kind == 'probability':
        scores = log(scores)
    scores /= np.float32(temperature)
    return softmax(scores) if kind == 'probability' else scores


def transformed(scores: np.ndarray, kind: str, method: str, power: float) -> np.ndarray:
    """A member's scores as they are summed by ``method``. In place; those it can't take become NaN, and are refused."""
    if kind == 'value' and method in ('geometric', 'power'):
        scores[scores < 0] = np.nan
    if method == 'geometric':
        return log_softmax(scores) if kind == 'logit' else log(scores)
    if method == 'logit':
        scores[(scores < 0) | (scores > 1)] = np.nan
        np.clip(scores, NEAREST, 1 - NEAREST, out=scores)
        return np.log(scores / (1 - scores), out=scores)
    if method == 'power':
        scores = softmax(scores) if kind == 'logit' else np.maximum(scores, SMALLEST, out=scores)
        return np.power(scores, np.float32(power), out=scores)
    return scores


def finished(total: np.ndarray, seen: np.ndarray, method: str, power: float, is_probability: bool) -> np.ndarray:
    """The result of weighted sums of :func:`transformed` scores. In place.

    Args:
        total: ``(n, C)`` sums.
        seen: What the weights of the summed members sum to; broadcast.
        method: ``geometric``, ``power`` or ``logit``.
        power: Of ``power``.
        is_probability: Whether rows are to sum to one.
    """
    total /= seen
    if method == 'logit':
        return np.divide(1, 1 + np.exp(-total), out=total)
    if method == 'geometric':
        return softmax(total) if is_probability else np.exp(total, out=total)
    np.power(total, np.float32(1 / power), out=total)
    return normalized(total) if is_probability else total


def ranks(columns: np.ndarray) -> np.ndarray:
    """``(rank - 1/2) / N`` of each number in its row of ``(C, N)``; equal numbers share their mean rank."""
    order = np.argsort(columns, axis=1, kind='stable')
    ordered = np.take_along_axis(columns, order, axis=1)
    count, width = columns.shape
    starts = np.ones((count, width), dtype=bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = np.cumsum(starts.reshape(-1)) - 1
    first = np.flatnonzero(starts.reshape(-1))
    last = np.append(first[1:], count * width) - 1
    # A group lies in one row, so its first and last place differ by less than the width.
    shared = (first % max(1, width) + (last - first) / 2)[group]
    result = np.empty((count, width), dtype=np.float32)
    np.put_along_axis(result, order, ((shared + .5) / max(1, width)).astype(np.float32).reshape(count, width), axis=1)
    return result
