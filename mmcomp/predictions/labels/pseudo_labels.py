"""Pseudo labels: test samples that the ensemble is sure of, for the next training."""
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmcomp.annotations import read_list
from mmcomp.errors import DataError, TableError, fault, shorten
from mmcomp.predictions.labels.cleaning import gather_out_of_fold
from mmcomp.predictions.labels.pseudo_filters import Signals, best_of_each_class, chosen_rows
from mmcomp.structures import PredictionTable


@dataclass(frozen=True)
class PseudoLabels:
    """Paths ``(M,)``, class indices ``(M,)`` and top scores ``(M,)`` of the samples kept."""
    paths: list[str]
    labels: np.ndarray
    scores: np.ndarray


def top_scores(table: PredictionTable) -> tuple[np.ndarray, np.ndarray]:
    """Column and value of each row's top score, ``(N,)`` each, in one pass."""
    labels = table.labels()
    return labels, table.scores[np.arange(len(table)), labels].astype(np.float32)


def pseudo_labels(table: PredictionTable, threshold: float, prefix: str = '',
                  max_per_class: int | None = None) -> PseudoLabels:
    """The samples whose top score is above ``threshold``.

    The label is the column of the top score, whatever the class is called.

    Args:
        table: Predictions of the unlabelled samples; of an unscaled ensemble,
            for the threshold is one on probabilities.
        threshold: Scores must be greater. The published run took 0.45.
        prefix: A folder put before the ids, such as ``testb``.
        max_per_class: Keep no more than this many of a class, the best first.

    Raises:
        TableError: If the table holds logits or embeddings, or NaN.
    """
    labels, scores = usable_scores(table)
    rows = np.flatnonzero(scores > threshold)
    if max_per_class is not None:
        rows = best_of_each_class(rows, labels, scores, max_per_class)
    return _named(table, rows, labels, scores, prefix)


def filtered_labels(table: PredictionTable, signals: Signals, prefix: str = '',
                    **filters) -> tuple[PseudoLabels, np.ndarray]:
    """The samples that pass filters, see :func:`.pseudo_filters.chosen_rows`, and their rows."""
    usable_scores(table)
    rows = chosen_rows(signals, **filters)
    return _named(table, rows, signals.labels, signals.top, prefix), rows


def usable_scores(table: PredictionTable) -> tuple[np.ndarray, np.ndarray]:
    """:func:`top_scores` of probabilities; others, and NaN, are refused."""
    if table.kind not in ('probability', 'value'):
        raise TableError(fault(table.name, 'kind', 'probability, for the threshold is one on probabilities', table.kind,
                               'Predict probabilities.'))
    if not len(table):
        raise TableError(fault(table.name, 'samples', 'one or more', 0, 'Predict the unlabelled samples.'))
    labels, scores = top_scores(table)
    if table.kind == 'probability' or np.isnan(scores).any():
        table.check()
    return labels, scores


def _named(table: PredictionTable, rows: np.ndarray, labels: np.ndarray, scores: np.ndarray,
           prefix: str) -> PseudoLabels:
    prefix = f'{prefix.rstrip("/")}/' if prefix else ''
    return PseudoLabels([f'{prefix}{name}' for name in table.ids[rows]], labels[rows], scores[rows])


def threshold_for_precision(table: PredictionTable, paths: Sequence[str], labels: np.ndarray,
                            precision: float) -> tuple[float, float]:
    """The lowest threshold above which labels are right as often as asked.

    Args:
        table: Predictions of samples with known labels that the models did not
            train on (validation or out-of-fold), made like those to come.
        paths: Ids of the known samples, ``(N,)``.
        labels: Their classes, ``(N,)``.
        precision: Part of the samples above the threshold to be right, 0 to 1.

    Returns:
        The threshold, and the part of the known samples above it.

    Raises:
        TableError: If no threshold reaches the precision.
    """
    rows, scores = gather_out_of_fold([table], paths)
    predicted = scores.argmax(axis=1)
    top = scores[np.arange(len(rows)), predicted]
    order = np.argsort(-top, kind='stable')
    right = np.cumsum(predicted[order] == labels[rows][order]) / np.arange(1, len(order) + 1)
    # A threshold can't part equal scores.
    possible = np.append(top[order][1:] < top[order][:-1], True) & (right >= precision)
    if not possible.any():
        raise TableError(fault(table.name, 'precision', f'at most {right.max():.3f}, the best of its confident rows',
                               precision, 'Lower it.'))
    last = np.flatnonzero(possible)[-1]
    below = top[order][last + 1] if last + 1 < len(order) else 0.
    return float(below), (last + 1) / len(order)


def scaled_warning(table: PredictionTable) -> str | None:
    """A sentence if rows do not sum to one, so that a threshold means something else."""
    if table.kind != 'value' or not len(table):
        return None
    total = float(np.median(np.asarray(table.scores[:1000], dtype=np.float32).sum(axis=1)))
    if abs(total - 1) < .01:
        return None
    return (f'{table.name}: rows sum to about {total:.3g}, not one, so the threshold is not one on probabilities. '
            'Take the ensemble without --scale, or scale the threshold.')


def merge(pseudo: PseudoLabels, train_file: str | os.PathLike, num_classes: int) -> tuple[list[str], np.ndarray]:
    """The rows of a training list, then the pseudo rows.

    Returns:
        Paths, and labels ``(N + M,)``.

    Raises:
        DataError: If a path is in both, or a training label is no column of
            the table.
    """
    paths, labels = read_list(train_file, num_classes)
    both = sorted(set(paths) & set(pseudo.paths))
    if both:
        raise DataError(f'{train_file}: {len(both)} pseudo-labelled paths are in it already: {shorten(both)}. '
                        'Merge with the list that this round started from, or set another prefix.')
    return paths + pseudo.paths, np.concatenate([labels, pseudo.labels])


def summarize_counts(labels: Sequence[int], num_classes: int) -> str:
    """``a class: 0 to 17, median 4; 31 of 200 classes have none``."""
    counts = np.bincount(np.asarray(labels, dtype=np.int64), minlength=num_classes)
    return (f'a class: {counts.min()} to {counts.max()}, median {np.median(counts):g}; '
            f'{int((counts == 0).sum())} of {num_classes} classes have none')
