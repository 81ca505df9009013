"""The labels of highest total log probability whose counts keep bounds, with a certificate.

Only the best classes of each sample are looked at first. The prices of the
optimum over those (see :mod:`mmcomp.predictions.counts.count_flow`) then give an upper
bound on what any labels at all could reach: for every sample its highest log
probability minus price over *all* classes, plus what the bounds make of the
prices. Where another class beats the candidates it joins them, until none
does. Then the bound and the total are the same number, and nothing is left to
gain.
"""
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmcomp.predictions.counts.count_flow import Candidates, NoRoom, improve, on_grid, rough_prices
from mmcomp.predictions.counts.prior_scaling import FLOOR, class_prices, row_blocks
from mmcomp.predictions.progress import silent

CHOICES = 64
SAMPLED = 1 << 27  # scores that the first prices are found on


@dataclass(frozen=True)
class Assignment:
    """Labels, and how far they can be from the best.

    Args:
        labels: ``(N,)`` integers.
        prices: ``(C,)``; a label is the class of highest log probability minus price.
        total: Sum of the labels' log probabilities; zero counts as 1e-12.
        bound: No labels within the bounds have a higher total.
        rounds: Times that the candidates were widened.
    """
    labels: np.ndarray
    prices: np.ndarray
    total: float
    bound: float
    rounds: int

    @property
    def gap(self) -> float:
        """What better labels could gain at most, in units of log probability; up to rounding it is 0."""
        return max(0., self.bound - self.total)


def assign(scores: np.ndarray, low: int | np.ndarray, high: int | np.ndarray, track: Callable = silent) -> Assignment:
    """The highest total log probability with ``low <= count <= high`` for every class.

    Args:
        scores: ``(N, C)`` probabilities, or non-negative multiples of them; may
            be a memory map, it is read twice in blocks of rows.
        low: Fewest samples a class, a number or ``(C,)``; ``sum(low) <= N``.
        high: Most samples a class, likewise; ``sum(high) >= N``.
        track: Wraps the loops over the scores, to show progress.
    """
    classes = scores.shape[1]
    low, high = (np.broadcast_to(np.asarray(bound, dtype=np.int64), classes) for bound in (low, high))
    high = np.minimum(high, len(scores))
    prices, choices = _first_prices(scores, low, high), min(CHOICES, classes)
    given = _candidates(scores, prices, choices, low, high, track)
    prices, rounds = rough_prices(given, prices), 0
    while True:
        try:
            labels, prices = improve(given, prices)
        except NoRoom:
            choices = min(4 * choices, classes)
            given = _candidates(scores, prices, choices, low, high, track)
            continue
        total, tops, columns, values = _certify(scores, labels, prices, track)
        better = values - prices[columns] > tops
        if not better.any():
            break
        given, rounds = _widened(given, better, columns, values), rounds + 1
    bound = np.maximum(tops, values - prices[columns]).sum() + np.where(prices > 0, prices * high, prices * low).sum()
    return Assignment(labels, prices, total, float(bound), rounds)


def _first_prices(scores: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Prices that fit expected counts, from every n-th row of a large table."""
    part = scores[::max(1, scores.size // SAMPLED)]
    return class_prices(part, low * (len(part) / len(scores)), high * (len(part) / len(scores)))[0]


def _candidates(scores: np.ndarray, prices: np.ndarray, choices: int, low: np.ndarray, high: np.ndarray,
                track: Callable) -> Candidates:
    """Each sample's best classes after prices."""
    classes, factors = scores.shape[1], np.exp(-prices).astype(np.float32)
    columns = np.empty((len(scores), choices), dtype=np.int32)
    values = np.empty(columns.shape)
    for rows in track(list(row_blocks(scores)), 'finding candidates'):
        block = np.maximum(scores[rows], FLOOR, dtype=np.float32)
        columns[rows] = np.argpartition(block * factors, classes - choices, axis=1)[:, classes - choices:]
        values[rows] = on_grid(np.log(np.take_along_axis(block, columns[rows], axis=1), dtype=np.float64))
    return Candidates(values, columns, low, high)


def _certify(scores: np.ndarray, labels: np.ndarray, prices: np.ndarray,
             track: Callable) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """The labels' total and gains, and each sample's best class of all with its value."""
    factors = np.exp(-prices).astype(np.float32)
    columns, values, own = np.empty(len(scores), dtype=np.int64), np.empty(len(scores)), np.empty(len(scores))
    for rows in track(list(row_blocks(scores)), 'certifying'):
        block = np.maximum(scores[rows], FLOOR, dtype=np.float32)
        columns[rows] = (block * factors).argmax(axis=1)
        at = np.arange(len(block))
        values[rows], own[rows] = (np.log(block[at, which[rows]], dtype=np.float64) for which in (columns, labels))
    values, own = on_grid(values), on_grid(own)
    return float(own.sum()), own - prices[labels], columns, values


def _widened(given: Candidates, better: np.ndarray, columns: np.ndarray, values: np.ndarray) -> Candidates:
    """One more candidate for those samples that have a better one elsewhere."""
    more = np.where(better, columns, given.columns[:, 0])[:, None].astype(given.columns.dtype)
    value = np.where(better, values, given.values[:, 0])[:, None]
    return Candidates(np.hstack([given.values, value]), np.hstack([given.columns, more]), given.low, given.high)
