"""Labels whose counts a class fit what is known of the test set.

Three methods, all ``table -> labels``; none changes a score:

- ``greedy``, the published one: fill every class up to a floor K.
- ``sinkhorn``: scale the classes until their expected counts fit, softly.
- ``balanced``: counts kept to the letter (see :mod:`mmcomp.predictions.auction`).
"""
from collections.abc import Callable

import numpy as np

from mmcomp.errors import ConfigError, TableError, fault
from mmcomp.predictions.auction import assign
from mmcomp.predictions.prior_scaling import class_prices, scaled_labels
from mmcomp.predictions.progress import silent
from mmcomp.structures import PredictionTable

METHODS = ('greedy', 'sinkhorn', 'balanced')
COLUMNS_AT_ONCE = 64


def redistribute(table: PredictionTable, method: str = 'greedy', floor: int | None = None,
                 counts: tuple[int, int] | None = None, strength: float = 1.,
                 track: Callable = silent) -> np.ndarray:
    """Class columns of all samples, ``(N,)`` integers.

    Args:
        table: Probabilities, or non-negative sums of them.
        method: One of ``METHODS``.
        floor: K of the greedy method.
        counts: Fewest and most samples a class, for the other two; by default
            N / C rounded down and up.
        strength: How far ``sinkhorn`` goes, from 0 (plain top scores) to 1.
        track: Wraps the long loop, to show progress.

    Raises:
        ConfigError: If the counts can't be met, or an argument is not the
            method's.
        TableError: If scores are negative, not finite, or logits.
    """
    if method not in METHODS:
        raise ConfigError(fault('redistribute', 'method', f'one of {METHODS}', method, 'Correct it.'))
    _check_scores(table)
    if method == 'greedy':
        return greedy_labels(table.scores, _check_floor(floor, *table.scores.shape), track)
    low, high = _check_counts(counts, *table.scores.shape)
    if method == 'sinkhorn':
        if not 0 <= strength <= 1:
            raise ConfigError(fault('redistribute', 'strength', 'between 0 and 1', strength, 'Correct it.'))
        return scaled_labels(table.scores, strength * class_prices(table.scores, low, high, track=track)[0])
    return assign(table.scores, low, high, track=track)


def greedy_labels(scores: np.ndarray, floor: int, track: Callable = silent) -> np.ndarray:
    """The published greedy re-distribution.

    A class with fewer than ``floor`` top scores takes the missing number of
    samples that score highest for it; samples it has already count as zero.
    Classes take turns: counts in the order in which they are first met from
    class 0 on, and classes of one count by index. A sample may be taken twice
    (the last taker keeps it), and a class that loses samples may fall under
    the floor. Between equal scores the earlier row is taken, where the
    original leaves it to chance.

    Args:
        scores: ``(N, C)``, not negative.
        floor: K, a little under N / C.
        track: Wraps the loop over blocks of classes, to show progress.

    Returns:
        ``(N,)`` integers.
    """
    predicted = scores.argmax(axis=1)
    counts = np.bincount(predicted, minlength=scores.shape[1])
    short = np.flatnonzero(counts < floor)
    labels, taken = predicted.copy(), {}
    # What a class takes does not depend on the turns, so columns can be read in blocks.
    for start in track(range(0, len(short), COLUMNS_AT_ONCE), 'filling classes'):
        block = short[start:start + COLUMNS_AT_ONCE]
        for column, c in zip(_columns(scores, block), block, strict=True):
            column[predicted == c] = 0
            taken[c] = _top_rows(column, floor - counts[c])
    _, first, group = np.unique(counts[short], return_index=True, return_inverse=True)
    for c in short[np.lexsort((short, first[group]))]:
        labels[taken[c]] = c
    return labels


def _columns(scores: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """A contiguous float32 copy of some columns, ``(len(columns), N)``."""
    copy = np.empty((len(columns), len(scores)), dtype=np.float32)
    for start in range(0, len(scores), 1024):
        copy[:, start:start + 1024] = scores[start:start + 1024, columns].T
    return copy


def _top_rows(column: np.ndarray, k: int) -> np.ndarray:
    """Rows of the ``k`` highest values; of equal ones the first."""
    kth = np.partition(column, len(column) - k)[len(column) - k]
    above = np.flatnonzero(column > kth)
    return np.concatenate([above, np.flatnonzero(column == kth)[:k - len(above)]])


def _check_scores(table: PredictionTable) -> None:
    if table.kind not in ('probability', 'value'):
        raise TableError(fault(table.name, 'kind', 'probability', table.kind, 'Predict probabilities.'))
    table.check()
    if table.kind == 'value' and table.scores.min() < 0:
        raise TableError(fault(table.name, 'scores', 'not negative', float(table.scores.min()),
                               'Re-distribution compares probabilities, not logits.'))


def _check_floor(floor: int | None, samples: int, classes: int) -> int:
    if floor is None or not 1 <= floor <= samples / classes:
        raise ConfigError(fault('redistribute', 'K', f'from 1 to {samples // classes} ({samples} samples / {classes} '
                                'classes)', floor, 'A little under the quotient did best in the published run.'))
    return floor


def _check_counts(counts: tuple[int, int] | None, samples: int, classes: int) -> tuple[int, int]:
    mean = samples / classes
    low, high = counts or (int(mean), -int(-mean // 1))
    if not 0 <= low <= mean <= high:
        raise ConfigError(fault('redistribute', 'counts', f'LOW:HIGH around {mean:g} ({samples} samples / {classes} '
                                'classes)', f'{low}:{high}', 'Widen them.'))
    return low, high
