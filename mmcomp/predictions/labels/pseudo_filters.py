"""How sure predictions are, row by row, and which of them are kept."""
import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.files import atomic_open
from mmcomp.predictions.counts.prior_scaling import row_blocks
from mmcomp.predictions.joining import match_classes, match_rows
from mmcomp.structures import PredictionTable


@dataclass(frozen=True)
class Signals:
    """What tells how sure a row is, ``(N,)`` each.

    Args:
        labels: Column of the top score.
        top: The top score.
        entropy: Of the row, in nats.
        agreement: Part of the members whose top score is in the same column; 1 without members.
    """
    labels: np.ndarray
    top: np.ndarray
    entropy: np.ndarray
    agreement: np.ndarray


def row_signals(table: PredictionTable, members: Sequence[PredictionTable] = ()) -> Signals:
    """The signals of a table, and how far the members of its ensemble agree; all are joined by id and class name."""
    labels, top, entropy = table.labels(), np.empty(len(table), np.float32), np.empty(len(table), np.float32)
    for rows in row_blocks(table.scores):
        part = np.asarray(table.scores[rows], dtype=np.float32)
        top[rows] = part[np.arange(len(part)), labels[rows]]
        shares = part / part.sum(axis=1, keepdims=True)
        entropy[rows] = -(shares * np.log(np.maximum(shares, 1e-30))).sum(axis=1)
    same = np.zeros(len(table))
    for member in members:
        columns = match_classes(table.classes, table.scores.shape[1], member, table.name)
        found = member.labels()[match_rows(table.ids, member.ids, member.name)]
        same += found == (labels if columns is None else columns[labels])
    return Signals(labels, top, entropy, same / len(members) if len(members) else np.ones(len(table)))


def chosen_rows(signals: Signals, threshold: float = 0., max_entropy: float | None = None,
                min_agreement: float | None = None, max_per_class: int | None = None,
                balanced: bool = False) -> np.ndarray:
    """Rows that pass every filter, in their order.

    Args:
        signals: Of all rows.
        threshold: Top scores must be greater.
        max_entropy: Nats at most.
        min_agreement: Part of the members that agree at least.
        max_per_class: Of each class the best so many, by top score.
        balanced: Of each class no more than the mean number of what the filters
            leave for a class that has any.
    """
    passed = signals.top > threshold
    if max_entropy is not None:
        passed &= signals.entropy <= max_entropy
    if min_agreement is not None:
        passed &= signals.agreement >= min_agreement - 1e-9
    rows = np.flatnonzero(passed)
    if balanced and len(rows):
        mean = -(-len(rows) // len(np.unique(signals.labels[rows])))
        max_per_class = mean if max_per_class is None else min(mean, max_per_class)
    return rows if max_per_class is None else best_of_each_class(rows, signals.labels, signals.top, max_per_class)


def best_of_each_class(rows: np.ndarray, labels: np.ndarray, scores: np.ndarray, limit: int) -> np.ndarray:
    """Of some rows, those of the ``limit`` highest scores of each class, in their order."""
    order = rows[np.lexsort((-scores[rows], labels[rows]))]
    sorted_labels = labels[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_labels, sorted_labels)
    return np.sort(order[rank < limit])


def soft_table(table: PredictionTable, rows: np.ndarray, teachers: Sequence[str] = ()) -> PredictionTable:
    """The rows kept, as targets to learn from: float16, rows that sum to one, and by whom they were predicted."""
    scores = np.asarray(table.scores[rows], dtype=np.float32)
    scores = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float16)
    origin = {key: value for key, value in table.origin.items() if key != 'file'}
    teachers = list(teachers) or origin.get('teachers') or origin.get('members') or [table.name]
    return replace(table, ids=table.ids[rows], scores=scores, kind='probability',
                   origin=origin | dict(teachers=[str(teacher) for teacher in teachers]))


def refuse_seen(table: PredictionTable, seen: Sequence[str], where: str | os.PathLike) -> None:
    """Refuse predictions of rows that their own teachers trained on, by whole id or by file name.

    Args:
        table: The predictions.
        seen: Ids of the rows that the teachers trained on.
        where: The list that they come from, for the error.

    Raises:
        TableError: With some of the rows.
    """
    known = set(seen) | {os.path.basename(name) for name in seen}
    both = [name for name in table.ids.tolist() if name in known or os.path.basename(name) in known]
    if both:
        raise TableError(f'{table.name}: its teachers trained on {len(both)} of its rows ({where}): {shorten(both)}. '
                         'What they say of these is memory. Predict every fold by teachers that did not train on it.')


def write_signals(path: str | os.PathLike, ids: Sequence[str], signals: Signals, rows: np.ndarray,
                  names: Sequence[str], teachers: Sequence[str] = ()) -> None:
    """Write ``id,class,top,entropy,agreement,teachers`` of the rows kept as CSV."""
    teachers = ' '.join(map(str, teachers))
    with atomic_open(path, newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(('id', 'class', 'top', 'entropy', 'agreement', 'teachers'))
        writer.writerows((ids[row], names[signals.labels[row]], f'{signals.top[row]:.6g}',
                          f'{signals.entropy[row]:.6g}', f'{signals.agreement[row]:.4g}', teachers) for row in rows)


def write_kept(path: str | os.PathLike, signals: Signals, rows: np.ndarray, names: Sequence[str]) -> None:
    """Write ``class,predicted,kept,mean top`` of every class as CSV."""
    classes = len(names)
    predicted = np.bincount(signals.labels, minlength=classes)
    kept = np.bincount(signals.labels[rows], minlength=classes)
    sums = np.bincount(signals.labels[rows], weights=signals.top[rows], minlength=classes)
    with atomic_open(path, newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(('class', 'predicted', 'kept', 'mean_top'))
        for name, of, left, total in zip(names, predicted, kept, sums, strict=True):
            writer.writerow((name, of, left, f'{total / left:.4f}' if left else ''))


def check_filters(where: str, max_entropy: float | None, min_agreement: float | None, members: int) -> None:
    """Refuse bounds that keep all or nothing.

    Raises:
        TableError: If agreement is asked for without members, or a bound is outside.
    """
    if min_agreement is not None and not (0 < min_agreement <= 1 and members):
        raise TableError(fault(where, 'min_agreement', 'above 0, at most 1, and with members', (min_agreement, members),
                               'Name the tables of the ensemble\'s members.'))
    if max_entropy is not None and max_entropy < 0:
        raise TableError(fault(where, 'max_entropy', 'at least 0', max_entropy, 'Correct it.'))
