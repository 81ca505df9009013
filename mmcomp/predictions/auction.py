"""Assignment of samples to classes with exact counts, by auction (Bertsekas 1988).

Every class has as many places as it is due samples. Samples without a place bid
for the class where log probability minus price is highest, and raise its
cheapest place by what they would lose at their second choice, plus epsilon. At
the end nobody could gain more than epsilon elsewhere, so the total log
probability is within N * epsilon of the best.
"""
from collections.abc import Callable

import numpy as np

from mmcomp.predictions.prior_scaling import FLOOR, class_prices, row_blocks
from mmcomp.predictions.progress import silent

CHOICES = 64
EPSILON = .02
ROUNDS = 20_000
GIVE_UP = np.float32(4 * np.log(FLOOR))  # far below any log probability


def assign(scores: np.ndarray, low: int | np.ndarray, high: int | np.ndarray, epsilon: float = EPSILON,
           track: Callable = silent) -> np.ndarray:
    """Labels with ``low <= count <= high`` for every class.

    How many samples a class gets inside its bounds is read off the expected
    counts at the prices of :func:`class_prices`; with ``low == high`` nothing
    is left to choose. The assignment to those counts is then within
    ``N * epsilon`` of the highest total log probability, as long as each
    sample finds a place among its best 64 classes; the few that do not, get
    the best of the places left.

    Args:
        scores: ``(N, C)`` probabilities, or non-negative multiples of them.
        low: Fewest samples a class, a number or ``(C,)``; ``sum(low) <= N``.
        high: Most samples a class, likewise; ``sum(high) >= N``.
        epsilon: In units of log probability.
        track: Wraps the loop that finds the first prices, to show progress.

    Returns:
        ``(N,)`` integers.
    """
    prices, expected = class_prices(scores, low, high, track=track)
    places = whole_counts(expected, low, high, len(scores))
    columns = _best_columns(scores, prices)
    values = np.log(np.maximum(np.take_along_axis(scores, columns, axis=1), FLOOR, dtype=np.float32))
    labels = _auction(values, columns, places, prices.astype(np.float32), epsilon)
    return _place_the_rest(labels, scores, places)


def whole_counts(expected: np.ndarray, low: int | np.ndarray, high: int | np.ndarray, total: int) -> np.ndarray:
    """Integers nearest to ``expected`` (in sum ``total``) that keep the bounds, ``(C,)``."""
    low, high = np.broadcast_to(low, expected.shape), np.broadcast_to(high, expected.shape)
    counts = np.clip(np.floor(expected).astype(np.int64), low, high)
    while (missing := total - counts.sum()) != 0:
        step = np.sign(missing)
        free = np.flatnonzero(counts < high if step > 0 else counts > low)
        order = free[np.argsort(-step * (expected - counts)[free], kind='stable')]
        counts[order[:abs(missing)]] += step
    return counts


def _best_columns(scores: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """Each row's best classes after prices, ``(N, min(C, 64))``."""
    classes = scores.shape[1]
    if classes <= CHOICES:
        return np.broadcast_to(np.arange(classes), scores.shape)
    factors = np.exp(-prices).astype(np.float32)
    best = np.empty((len(scores), CHOICES), dtype=np.int64)
    for rows in row_blocks(scores):
        scaled = np.maximum(scores[rows], FLOOR, dtype=np.float32) * factors
        best[rows] = np.argpartition(scaled, classes - CHOICES, axis=1)[:, -CHOICES:]
    return best


def _auction(values: np.ndarray, columns: np.ndarray, places: np.ndarray, start: np.ndarray,
             epsilon: float) -> np.ndarray:
    """Labels ``(N,)``, -1 for samples that found no place.

    In a round all samples without a place bid at once, and each class gives
    its places to the highest of the old and the new bids.
    """
    room = np.arange(max(1, places.max())) < places[:, None]
    bids = np.where(room, start[:, None], np.float32(np.inf))
    holders = np.full(bids.shape, -1)
    price = bids.min(axis=1)
    waiting = np.arange(len(values))
    for _ in range(ROUNDS):
        wanted, offers, gains = _offers(values[waiting], columns[waiting], price, epsilon)
        bidding = gains > GIVE_UP
        waiting, wanted, offers = waiting[bidding], wanted[bidding], offers[bidding]
        if not len(waiting):
            break
        asked = np.unique(wanted)
        cells = np.nonzero(room[asked])
        # Every place of the classes asked for, then the new bids; sorted so that the places' owners come first.
        owners = np.concatenate([asked[cells[0]], wanted])
        bid = np.concatenate([bids[asked][cells], offers])
        holder = np.concatenate([holders[asked][cells], waiting])
        order = np.lexsort((-bid, owners))
        rank = np.arange(len(order)) - np.searchsorted(owners[order], owners[order])
        kept = rank < places[owners[order]]
        inside, lost = order[kept], order[~kept]
        holders[owners[inside], rank[kept]], bids[owners[inside], rank[kept]] = holder[inside], bid[inside]
        price[asked] = bids[asked, places[asked] - 1]
        waiting = holder[lost][holder[lost] >= 0]
    labels = np.full(len(values), -1)
    of_class, place = np.nonzero(holders >= 0)
    labels[holders[of_class, place]] = of_class
    return labels


def _offers(values: np.ndarray, columns: np.ndarray, price: np.ndarray,
            epsilon: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The class each sample wants, what it bids there, and its gain at the present price."""
    gain, rows = values - price[columns], np.arange(len(values))
    at = gain.argmax(axis=1)
    best = gain[rows, at]
    gain[rows, at] = -np.inf
    second = np.maximum(gain.max(axis=1), GIVE_UP)
    wanted = columns[rows, at]
    return wanted, price[wanted] + (best - second) + np.float32(epsilon), best


def _place_the_rest(labels: np.ndarray, scores: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Give samples without a label the best of the places left, surest samples first."""
    left = places - np.bincount(labels[labels >= 0], minlength=len(places))
    rest = np.flatnonzero(labels < 0)
    for row in rest[np.argsort(-scores[rest].max(axis=1), kind='stable')]:
        labels[row] = np.where(left > 0, scores[row], -1).argmax()
        left[labels[row]] -= 1
    return labels
