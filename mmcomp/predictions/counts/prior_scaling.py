"""Class prices that make expected counts fit bounds (Sinkhorn iterations).

If the test set holds about the same number of every class and the model was
trained on a long tail, its frequent classes win too often. Dividing column c by
``exp(price_c)`` and normalising rows again corrects that; the prices are those
at which expected counts lie inside the bounds. With one target for all classes
and full strength this is Sinkhorn's matrix scaling (Cuturi 2013), which for a
known class prior is also the EM of Saerens et al. (2002) run to the end.
"""
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mmcomp.predictions.progress import silent
from mmcomp.structures import PredictionTable

FLOOR = 1e-12  # stands for probabilities that came out as zero
BLOCK_BYTES = 1 << 22


def row_blocks(scores: np.ndarray):
    """Slices of rows that are a few megabytes as float32."""
    size = max(1, BLOCK_BYTES // max(1, 4 * scores.shape[1]))
    return (slice(start, start + size) for start in range(0, len(scores), size))


def class_prices(scores: np.ndarray, low: int | np.ndarray, high: int | np.ndarray,
                 iterations: int = 20, tolerance: float = .01,
                 track: Callable = silent) -> tuple[np.ndarray, np.ndarray]:
    """Log prices of the classes at which expected counts lie in the bounds.

    A class inside its bounds costs nothing, one that would exceed ``high``
    costs more than nothing, one that would fall under ``low`` less.

    Args:
        scores: ``(N, C)`` probabilities, or non-negative multiples of them.
        low: Fewest samples a class, a number or ``(C,)``.
        high: Most samples a class, likewise.
        iterations: At most so many passes over the scores.
        tolerance: Stop once no price moves more than this.
        track: Wraps the loop, to show progress.

    Returns:
        Prices and expected counts, ``(C,)`` float64 each.
    """
    prices = np.zeros(scores.shape[1])
    expected = _expected_counts(scores, prices)
    with np.errstate(divide='ignore'):
        for _ in track(range(iterations), 'scaling classes'):
            above, below = (prices + np.log(expected / bound) for bound in (high, low))
            moved = np.where(above > 0, above, np.where(below < 0, below, 0.))
            done = np.abs(moved - prices).max() < tolerance
            prices = moved
            expected = _expected_counts(scores, prices)
            if done:
                break
    return prices, expected


def scaled_labels(scores: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """The column of each row's top score after scaling by ``exp(-prices)``, ``(N,)``."""
    factors = np.exp(-prices).astype(np.float32)
    labels = np.empty(len(scores), dtype=np.int64)
    for rows in row_blocks(scores):
        labels[rows] = (np.maximum(scores[rows], FLOOR, dtype=np.float32) * factors).argmax(axis=1)
    return labels


def _expected_counts(scores: np.ndarray, prices: np.ndarray) -> np.ndarray:
    factors = np.exp(-prices).astype(np.float32)
    counts = np.zeros(scores.shape[1])
    for rows in row_blocks(scores):
        block = np.maximum(scores[rows], FLOOR, dtype=np.float32)
        counts += (1 / (block @ factors)) @ block
    return counts * factors


def even_table(table: PredictionTable) -> PredictionTable:
    """A table whose classes are scaled until their expected counts are even; rows sum to one again.

    For a test set that holds about the same number of every class.
    """
    mean = len(table) / table.scores.shape[1]
    scores = np.maximum(table.scores, FLOOR) * np.exp(-class_prices(table.scores, mean, mean)[0])
    return replace(table, scores=(scores / scores.sum(axis=1, keepdims=True)).astype(np.float32), kind='probability')
