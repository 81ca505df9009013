"""Labels whose counts a class fit what is known of the test set.

All methods are ``table -> labels`` and change no score:

- ``greedy``, the published one: fill every class up to a floor K.
- ``sinkhorn``: scale the classes until their expected counts fit, softly; how
  far, can be read off the predictions themselves (:mod:`.strength`).
- ``assignment``: counts in bounds to the letter, at the highest total log
  probability (:mod:`.assignment`). ``balanced`` is another name of it.
- ``prior``: estimate the counts from the predictions (:mod:`.prior_estimation`).
- ``argmax``: leave the top scores as they are.

Without a method, a floor means ``greedy``, bounds ``assignment`` and nothing
``sinkhorn`` at the strength that the predictions speak for.
"""
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmcomp.errors import ConfigError, TableError, fault, shorten
from mmcomp.predictions.counts.assignment import Assignment, assign
from mmcomp.predictions.counts.prior_estimation import em_prior
from mmcomp.predictions.counts.prior_scaling import FLOOR, class_prices, scaled_labels
from mmcomp.predictions.counts.strength import Strength, evident_strength
from mmcomp.predictions.progress import silent
from mmcomp.structures import PredictionTable

METHODS = ('greedy', 'sinkhorn', 'assignment', 'balanced', 'prior', 'argmax')
COLUMNS_AT_ONCE = 64
Counts = tuple[int | np.ndarray, int | np.ndarray]


@dataclass(frozen=True)
class Redistribution:
    """New labels and how they came about.

    Args:
        labels: ``(N,)`` columns.
        method: The one that was used.
        optimum: Of ``assignment``: its certificate.
        evidence: Of ``sinkhorn`` at an evident strength: what spoke for it.
        prior: Of ``prior``: the part of each class, ``(C,)``.
    """
    labels: np.ndarray
    method: str
    optimum: Assignment | None = None
    evidence: Strength | None = None
    prior: np.ndarray | None = None


def redistribute(table: PredictionTable, method: str | None = None, floor: int | None = None,
                 counts: Counts | None = None, strength: float | str | None = None,
                 track: Callable = silent) -> np.ndarray:
    """Class columns of all samples, ``(N,)`` integers; see :func:`redistribution`."""
    return redistribution(table, method, floor, counts, strength, track=track).labels


def redistribution(table: PredictionTable, method: str | None = None, floor: int | None = None,
                   counts: Counts | None = None, strength: float | str | None = None,
                   prior: np.ndarray | None = None, trained: np.ndarray | None = None,
                   leaning: np.ndarray | None = None, track: Callable = silent) -> Redistribution:
    """New labels.

    Args:
        table: Probabilities, or non-negative sums of them.
        method: One of ``METHODS``; see above for what happens without.
        floor: K of the greedy method.
        counts: Fewest and most samples a class, numbers or ``(C,)`` each, for
            ``sinkhorn`` and ``assignment``; by default ``prior`` times N, for
            ``assignment`` rounded down and up.
        strength: How far ``sinkhorn`` and ``prior`` go, from 0 (plain top
            scores) to 1, the default; ``'auto'`` for ``sinkhorn``: as far as
            the predictions speak for it.
        prior: Parts or counts of the classes in the test set, ``(C,)``; even
            by default, for ``prior`` estimated.
        trained: The same where the model was trained, for ``prior``; even by default.
        leaning: Log prices to take away first, for ``prior``; see
            :func:`mmcomp.predictions.counts.prior_estimation.leaning`.
        track: Wraps long loops, to show progress.

    Raises:
        ConfigError: If the counts can't be met, or an argument is not the
            method's.
        TableError: If scores are negative, not finite, or logits.
    """
    if method is None:
        method = 'greedy' if floor is not None else 'assignment' if counts is not None else 'sinkhorn'
        strength = 'auto' if strength is None and floor is None and counts is None and prior is None else strength
    if method not in METHODS:
        raise ConfigError(fault('redistribute', 'method', f'one of {METHODS}', method, 'Correct it.'))
    _check_scores(table)
    _check_strength(strength, method)
    scores, full = table.scores, 1. if strength is None else strength
    if method == 'argmax':
        return Redistribution(table.labels(), method)
    if method == 'greedy':
        floor = _check_floor(floor, *scores.shape)
        return Redistribution(greedy_labels(scores, floor, track, table.labels()), method)
    if method == 'prior':
        return _prior_labels(table, full, prior, trained, leaning, track)
    target = None if prior is None else prior / prior.sum()
    if strength == 'auto':
        if counts is not None:
            raise ConfigError(fault('redistribute', 'strength', 'a number where bounds are given', strength,
                                    'Leave the bounds out, or pass 1.'))
        found = evident_strength(scores, target, track)
        if not found.value:
            return Redistribution(table.labels(), 'argmax', evidence=found)
        return Redistribution(scaled_labels(scores, found.value * found.prices), method, evidence=found)
    low, high = _check_counts(counts or _counts_of(target, *scores.shape, whole=method != 'sinkhorn'), table)
    if method == 'sinkhorn':
        return Redistribution(scaled_labels(scores, full * class_prices(scores, low, high, track=track)[0]), method)
    found = assign(scores, low, high, track=track)
    return Redistribution(found.labels, method, optimum=found)


def _prior_labels(table: PredictionTable, strength: float, prior: np.ndarray | None, trained: np.ndarray | None,
                  leaning: np.ndarray | None, track: Callable) -> Redistribution:
    classes = table.scores.shape[1]
    trained = np.full(classes, 1 / classes) if trained is None else np.maximum(trained / trained.sum(), FLOOR)
    prices = np.zeros(classes) if leaning is None else leaning
    prior = em_prior(table.scores, trained, prices, track) if prior is None else prior / prior.sum()
    change = strength * (np.log(np.maximum(prior, FLOOR)) - np.log(trained))
    return Redistribution(scaled_labels(table.scores, prices - change), 'prior', prior=prior)


def greedy_labels(scores: np.ndarray, floor: int, track: Callable = silent,
                  predicted: np.ndarray | None = None) -> np.ndarray:
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
        predicted: Columns of the top scores, ``(N,)``, where they are known.

    Returns:
        ``(N,)`` integers.
    """
    predicted = scores.argmax(axis=1) if predicted is None else predicted
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
    if not len(table):
        raise TableError(fault(table.name, 'samples', 'one or more', 0, 'Predict the test set.'))
    table.check()
    if table.kind == 'value' and table.scores.min() < 0:
        raise TableError(fault(table.name, 'scores', 'not negative', float(table.scores.min()),
                               'Re-distribution compares probabilities, not logits.'))


def _check_strength(strength: float | str | None, method: str) -> None:
    if strength is None:
        return
    if method not in ('sinkhorn', 'prior'):
        raise ConfigError(fault('redistribute', 'strength', 'left out, for it belongs to sinkhorn and prior', strength,
                                f'`{method}` goes all the way.'))
    if strength == 'auto' and method == 'sinkhorn':
        return
    if isinstance(strength, str) or not 0 <= strength <= 1:
        raise ConfigError(fault('redistribute', 'strength', 'between 0 and 1', strength, 'Correct it.'))


def _check_floor(floor: int | None, samples: int, classes: int) -> int:
    if floor is None or not 1 <= floor <= samples / classes:
        raise ConfigError(fault('redistribute', 'K', f'from 1 to {samples // classes} ({samples} samples / {classes} '
                                'classes)', floor, 'A little under the quotient did best in the published run.'))
    return floor


def _counts_of(target: np.ndarray | None, samples: int, classes: int, whole: bool) -> Counts:
    """N times the parts, as whole numbers below and above; sinkhorn takes broken ones where a prior is given."""
    if target is None:
        return samples // classes, -(-samples // classes)
    counts = target * samples
    if not whole:
        return counts, counts
    near = np.rint(counts)
    counts = np.where(abs(counts - near) < 1e-6 * np.maximum(counts, 1), near, counts)  # 18.000000001 is 18
    return np.floor(counts).astype(np.int64), np.ceil(counts).astype(np.int64)


def _check_counts(counts: Counts, table: PredictionTable) -> Counts:
    """Bounds of the classes, ``(C,)`` each, that can be met."""
    samples, classes = table.scores.shape
    low, high = (np.broadcast_to(np.asarray(bound), classes) for bound in counts)
    bad = np.flatnonzero((low < 0) | (low > high))
    if len(bad):
        raise ConfigError(fault('redistribute', 'bounds', 'LOW:HIGH with 0 <= LOW <= HIGH',
                                f'{low[bad[0]]}:{high[bad[0]]}',
                                f'It is so for {shorten(np.asarray(table.class_names)[bad], 3)}.'))
    slack = 1e-9 * samples
    if not low.sum() <= samples + slack or not high.sum() >= samples - slack:
        raise ConfigError(fault(
            'redistribute', 'bounds', f'LOW:HIGH around {samples / classes:g} ({samples} samples / {classes} classes)',
            f'{low.min():g}:{high.max():g}', f'In sum the classes must have {low.sum():g} to {high.sum():g} samples, '
            f'and there are {samples}. Widen them.'))
    return low, high
