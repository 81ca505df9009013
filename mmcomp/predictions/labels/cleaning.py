"""Wrong labels of a training list, found by out-of-fold predictions.

A model that never saw a row predicts it; where the prediction speaks clearly
against the label, the label is suspect. Nothing is deleted: the findings are a
patch (see :mod:`mmcomp.predictions.labels.label_patch`) that can be read, edited and
applied to a list.
"""
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmcomp.errors import ConfigError, TableError, fault, shorten
from mmcomp.predictions.joining import base_names, find_rows
from mmcomp.structures import PredictionTable

METHODS = ('confident_learning', 'cleanlab', 'low_confidence')
BLOCK_BYTES = 1 << 22


@dataclass(frozen=True)
class LabelIssues:
    """Suspect rows, the surest first; ``(M,)`` each.

    Args:
        rows: Positions among the labels that were given.
        suggested: The most probable class.
        scores: Probability of the given class minus that of the suggested one,
            in -1…0.
    """
    rows: np.ndarray
    suggested: np.ndarray
    scores: np.ndarray


def gather_out_of_fold(tables: Sequence[PredictionTable], paths: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of the rows of a training list that out-of-fold tables cover.

    Ids are compared whole, or by base name where no whole id fits and names
    are unique. Rows that several tables predict (several models) are averaged;
    ids that are not in the list are passed over.

    Args:
        tables: Each of one fold or more, all with the same classes.
        paths: Of the training list, ``(N,)``.

    Returns:
        Rows of the list ``(M,)``, ascending, and their float32 probabilities
        ``(M, C)``.

    Raises:
        TableError: If a table holds no probabilities, none of its ids is in
            the list, or the classes of two tables differ.
    """
    found = [_match(table, paths) for table in tables]
    times = np.zeros(len(paths), dtype=np.int64)
    for rows in found:
        times[rows[rows >= 0]] += 1
    covered = np.flatnonzero(times)
    position = np.cumsum(times > 0) - 1
    scores = np.zeros((len(covered), tables[0].scores.shape[1]), dtype=np.float32)
    for table, rows in zip(tables, found, strict=True):
        _check_table(table, tables[0])
        inside = np.flatnonzero(rows >= 0)
        for start in range(0, len(inside), 1024):
            part = inside[start:start + 1024]
            scores[position[rows[part]]] += table.scores[part]
    if times.max() > 1:
        scores /= times[covered, None]
    return covered, scores


def find_label_issues(scores: np.ndarray, labels: np.ndarray, method: str = 'confident_learning', below: float = .05,
                      max_fraction: float = 1., min_per_class: int = 1) -> LabelIssues:
    """Rows whose label is probably wrong.

    Args:
        scores: ``(N, C)`` out-of-fold probabilities.
        labels: ``(N,)`` given labels.
        method: ``confident_learning`` (Northcutt et al. 2021; the off-diagonal
            of the confident joint, cleanlab's ``filter_by='confident_learning'``),
            ``cleanlab`` (that package's default, ``prune_by_noise_rate``), or
            ``low_confidence``: the given class has a probability under
            ``below`` and another one more.
        below: For ``low_confidence``.
        max_fraction: Report at most this part of all rows, the surest.
        min_per_class: Leave every class at least so many of its rows.

    Raises:
        ConfigError: On an unknown method, bad bounds, labels that are no column
            of ``scores``, or if cleanlab is not installed.
    """
    if method not in METHODS:
        raise ConfigError(fault('clean_labels', 'method', f'one of {METHODS}', method, 'Correct it.'))
    if method == 'low_confidence' and not 0 < below <= 1:
        raise ConfigError(fault('clean_labels', 'below', 'in (0, 1]', below, 'It is a bound of probabilities.'))
    if not 0 < max_fraction <= 1 or min_per_class < 0:
        raise ConfigError(fault('clean_labels', 'max_fraction, min_per_class', 'in (0, 1] and not negative',
                                (max_fraction, min_per_class), 'Correct them.'))
    if len(labels) and labels.max() >= scores.shape[1]:
        raise ConfigError(fault('clean_labels', 'labels', f'below {scores.shape[1]}, the columns of the tables',
                                int(labels.max()), 'Take predictions of a model with the classes of the list.'))
    given, top, top_score = _row_facts(scores, labels)
    if method == 'low_confidence':
        suspect = given < below
    elif method == 'cleanlab':
        suspect = _by_cleanlab(scores, labels)
    else:
        suspect = confident_learning(scores, labels)
    rows = np.flatnonzero(suspect & (top != labels))
    margin = given - top_score
    rows = rows[np.argsort(margin[rows], kind='stable')]
    rows = rows[_rank_in_class(labels[rows]) < np.bincount(labels)[labels[rows]] - min_per_class]
    rows = rows[:int(max_fraction * len(labels))]
    return LabelIssues(rows, top[rows], margin[rows])


def confident_learning(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The off-diagonal of the confident joint, ``(N,)`` bool.

    A class's threshold is the mean probability of it among the rows labelled
    so. A row counts as the class whose threshold it reaches, the most probable
    if it reaches several, and is suspect if that is not its label, unless its
    label is as probable as any other.
    """
    given, top, top_score = _row_facts(scores, labels)
    counts = np.bincount(labels, minlength=scores.shape[1])
    sums = np.bincount(labels, weights=given, minlength=scores.shape[1])
    thresholds = np.divide(sums, counts, out=np.full(len(counts), 2.), where=counts > 0)
    thresholds = np.maximum(thresholds, 2e-6).astype(np.float64) - 1e-6
    guess = np.full(len(labels), -1)
    for rows in _blocks(scores):
        reached = scores[rows] >= thresholds
        number = reached.sum(axis=1)
        guess[rows] = np.select([number == 1, number > 1], [reached.argmax(axis=1), top[rows]], -1)
    return (guess >= 0) & (guess != labels) & (given + 1e-6 < top_score)


def _by_cleanlab(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    try:
        from cleanlab.filter import find_label_issues as find
    except ImportError:
        raise ConfigError('clean_labels: method `cleanlab` needs that package. Run `pip install cleanlab`, '
                          'or take `--method confident_learning`.') from None
    return find(labels, scores, n_jobs=1)


def _blocks(scores: np.ndarray):
    size = max(1, BLOCK_BYTES // max(1, 4 * scores.shape[1]))
    return (slice(start, start + size) for start in range(0, len(scores), size))


def _row_facts(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probability of the given class, the top class and its probability, ``(N,)`` each."""
    rows = np.arange(len(labels))
    top = scores.argmax(axis=1)
    return scores[rows, labels], top, scores[rows, top]


def _rank_in_class(labels: np.ndarray) -> np.ndarray:
    """How many earlier entries have the same label."""
    order = np.argsort(labels, kind='stable')
    rank = np.empty(len(labels), dtype=np.int64)
    rank[order] = np.arange(len(labels)) - np.searchsorted(labels[order], labels[order])
    return rank


def _match(table: PredictionTable, paths: Sequence[str]) -> np.ndarray:
    rows = find_rows(table.ids, paths)
    if (rows < 0).all():
        short, short_paths = base_names(table.ids), base_names(paths)
        if len(set(short)) == len(short) and len(set(short_paths)) == len(short_paths):
            rows = find_rows(short, short_paths)
    if (rows < 0).all():
        raise TableError(f'{table.name}: none of its ids is in the training list, such as '
                         f'{shorten(table.ids, 2) or "none"}; the list has {shorten(paths, 2)}. Predict the '
                         'rows of that list.')
    return rows


def _check_table(table: PredictionTable, first: PredictionTable) -> None:
    if table.kind != 'probability':
        raise TableError(fault(table.name, 'kind', 'probability', table.kind,
                               'Predict probabilities, or convert with `mmcomp table convert --kind probability`.'))
    named = table.classes is not None and first.classes is not None
    if table.scores.shape[1] != first.scores.shape[1] or (named and table.classes != first.classes):
        raise TableError(f'{table.name}: its classes differ from those of {first.name}. '
                         'Take out-of-fold tables of models that share a class list.')
    table.check()
