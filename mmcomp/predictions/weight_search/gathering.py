"""One pass over out-of-fold tables: what decides a metric is kept, row block by row block."""
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.metrics.by_name import Metric
from mmcomp.predictions.formats.headers import open_table
from mmcomp.predictions.progress import silent
from mmcomp.predictions.weight_search.candidates import Candidates, arrange
from mmcomp.predictions.weight_search.columns import Column
from mmcomp.predictions.weight_search.pruning import coarse, fine
from mmcomp.predictions.weight_search.truth import labelled_rows, read_truth
from mmcomp.structures import PredictionTable
from mmcomp.structures.prediction_table import SUM_TOLERANCE

BLOCK_BYTES = 1 << 23  # of all members' rows at work; they stay in the cache
BATCH_BYTES = 1 << 25  # of entries that are pruned further together


@dataclass(frozen=True)
class Evidence:
    """What is known of M members on N labelled samples.

    Args:
        names: Of the members, ``M`` texts.
        metric: That it was gathered for.
        scores: What decides the metric.
        true: ``(M, N)`` float32 scores of the true classes.
        truth: ``(N,)`` true classes.
        ids: ``(N,)`` samples.
        kind: Of the members' scores.
        classes: C.
    """
    names: tuple[str, ...]
    metric: Metric
    scores: Candidates | Column
    true: np.ndarray
    truth: np.ndarray
    ids: np.ndarray
    kind: str
    classes: int

    def __len__(self) -> int:
        return len(self.truth)

    def select(self, members: Sequence[int]) -> 'Evidence':
        """The evidence of some of the members."""
        members = np.asarray(members)
        return replace(self, names=tuple(self.names[m] for m in members), scores=self.scores.select(members),
                       true=self.true[members])


def gather(members: Sequence[PredictionTable | str | os.PathLike], truth: str | os.PathLike | tuple, metric: Metric,
           partial: bool = False, track: Callable = silent) -> Evidence:
    """Read the tables once and keep what decides the metric.

    Memory holds some rows of every table at a time, and the evidence.

    Args:
        members: M tables, or their files, which are mapped and not loaded.
        truth: A file (see :func:`.truth.read_truth`), or ids ``(L,)`` and columns ``(L,)``.
        metric: Decides what is kept.
        partial: Use the samples that all have; else each table must have those of the truth and no others.
        track: Wraps the loop over blocks, to show progress.

    Raises:
        TableError: If members do not fit together or to the truth, or hold NaN.
    """
    tables = [m if isinstance(m, PredictionTable) else open_table(m) for m in members]
    _check_members(tables, metric)
    columns = [_columns(tables[0], table) for table in tables]
    ids, labels = truth if isinstance(truth, tuple) else read_truth(truth, tables[0], metric.coded)
    where = 'the truth' if isinstance(truth, tuple) else truth
    chosen, rows = labelled_rows(tables, np.asarray(ids), where, partial)
    labels = np.asarray(labels)[chosen].astype(np.int32)
    count, classes = len(labels), tables[0].scores.shape[1]
    size = max(1, BLOCK_BYTES // (4 * classes * len(tables)))
    true, collector = np.empty((len(tables), count), dtype=np.float32), _Collector(metric, tables[0].kind, labels)
    buffer = np.empty((len(tables), min(size, count), classes), dtype=np.float32)
    for start in track(range(0, count, size), 'reading tables'):
        block = slice(start, min(start + size, count))
        values = buffer[:, :block.stop - start]
        for member, (table, row, column) in enumerate(zip(tables, rows, columns, strict=True)):
            part = table.scores[block] if row is None else table.scores[row[block]]
            values[member] = part if column is None else part[:, column]
            _check_rows(table, values[member], np.arange(start, block.stop) if row is None else row[block])
        true[:, block] = _of_truth(values, labels[block] & 1 if metric.coded else labels[block])
        collector.add(values, start)
    scores = collector.result(true)
    return Evidence(member_names([t.name for t in tables]), metric, scores, true, labels, np.asarray(ids)[chosen],
                    tables[0].kind, classes)


def _of_truth(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Scores of the true classes ``(M, B)``; one column alone speaks for class 1 and against class 0."""
    if values.shape[2] == 1:
        return values[:, :, 0] * np.where(truth > 0, 1, -1)
    return values[:, np.arange(len(truth)), truth]


def member_names(files: Sequence[str]) -> tuple[str, ...]:
    """File names without folder and ending, with the folder's where they would be the same."""
    names = [Path(f).stem for f in files]
    if len(set(names)) < len(names):
        names = [f'{Path(f).parent.name}/{Path(f).stem}' for f in files]
    return tuple(names) if len(set(names)) == len(names) else tuple(files)


class _Collector:
    """Takes blocks of rows and keeps what decides the metric; possible classes in batches, for speed."""

    def __init__(self, metric: Metric, kind: str, truth: np.ndarray):
        self._metric, self._kind, self._truth = metric, kind, truth
        self._fresh, self._done = [], []

    def add(self, values: np.ndarray, start: int) -> None:
        """Take ``(M, B, C)`` scores of the rows from ``start`` on."""
        if self._metric.looks_at == 'true':
            return
        if self._metric.looks_at == 'positive':
            # Of two logits only the difference counts; of two probabilities either one tells all.
            two_logits = self._kind == 'logit' and values.shape[2] == 2
            self._done.append(values[:, :, -1] - values[:, :, 0] if two_logits else values[:, :, -1].copy())
            return
        row, *others = coarse(values, self._metric.k)
        self._fresh.append((row + start, *others))
        if sum(flat.nbytes for _, _, flat, _ in self._fresh) > BATCH_BYTES:
            self._prune()

    def result(self, true: np.ndarray) -> Candidates | Column:
        """The evidence, when all rows were taken."""
        if self._metric.looks_at == 'true':
            return Column(true)
        if self._metric.looks_at == 'positive':
            return Column(np.concatenate(self._done, axis=1))
        self._prune()
        parts = [np.concatenate(part, axis=-1) for part in zip(*self._done, strict=True)]
        self._done.clear()
        return arrange(*parts, self._truth, self._metric)

    def _prune(self) -> None:
        if not self._fresh:
            return
        row, column, flat, behind = (np.concatenate(part, axis=-1) for part in zip(*self._fresh, strict=True))
        self._fresh.clear()
        keep = fine(row, column, flat, behind, self._metric.k)
        if self._metric.hits_only or self._metric.looks_at == 'rank':
            # Where the truth can't win, all outcomes are alike, and one entry stands for the row.
            can_win = np.zeros(len(self._truth), dtype=bool)
            can_win[row[keep][column[keep] == self._truth[row[keep]]]] = True
            keep = keep[can_win[row[keep]] | (np.diff(row[keep], prepend=-1) > 0)]
        self._done.append((row[keep], column[keep].astype(np.int32), flat[:, keep]))


def _check_members(tables: Sequence[PredictionTable], metric: Metric) -> None:
    first = tables[0]
    if len(tables) < 2:
        raise TableError(fault('search_weights', 'members', 'two or more', len(tables), 'One has nothing to weigh.'))
    for table in tables:
        if table.kind == 'embedding':
            raise TableError(fault(table.name, 'kind', 'probability, logit or value', table.kind,
                                   'Embeddings of two models share no axes.'))
        if (table.kind == 'logit') != (first.kind == 'logit'):
            raise TableError(fault(table.name, 'kind', f'`{first.kind}` like that of {first.name}', table.kind,
                                   'Logits and probabilities have different scales; take the softmax of the '
                                   'logits first, or predict probabilities with both.'))
        if metric.looks_at == 'true' and table.kind != 'probability':
            raise TableError(fault(table.name, 'kind', f'`probability` for {metric.name}', table.kind,
                                   'Turn it into probabilities, or search for a metric of labels.'))
    classes = first.scores.shape[1]
    if metric.looks_at == 'positive' and classes > 2:
        raise TableError(fault(first.name, 'scores', f'of one or two columns for {metric.name}', classes,
                               'Take a metric for more classes, such as macro_f1 or log_loss.'))
    if metric.looks_at != 'positive' and classes < 2:
        raise TableError(fault(first.name, 'scores', f'of two or more columns for {metric.name}', classes,
                               'Take a metric of one score, such as roc_auc.'))


def _columns(first: PredictionTable, table: PredictionTable) -> np.ndarray | None:
    """Where the classes of ``first`` are in ``table``; None where they are in the same order."""
    if first.scores.shape[1] != table.scores.shape[1]:
        raise TableError(fault(table.name, 'scores', f'{first.scores.shape[1]} columns like those of {first.name}',
                               table.scores.shape[1], 'Search weights of models that share a class list.'))
    if first.classes is None or table.classes is None or first.classes == table.classes:
        return None
    column_of = {name: column for column, name in enumerate(table.classes)}
    missing = [name for name in first.classes if name not in column_of]
    if missing:
        raise TableError(f'{table.name}: its classes differ from those of {first.name}; it lacks {shorten(missing)}. '
                         'Search weights of models that share a class list.')
    return np.array([column_of[name] for name in first.classes])


def _check_rows(table: PredictionTable, values: np.ndarray, rows: np.ndarray) -> None:
    sums = values @ np.ones(values.shape[1], dtype=np.float32)
    bad, law, step = ~np.isfinite(sums), 'finite', 'Predict these samples again.'
    if table.kind == 'probability' and not bad.any():
        bad = (np.abs(sums - 1) > SUM_TOLERANCE[table.scores.dtype.name]) | (values.min(axis=1) < 0)
        law = 'a probability row (no negatives, sum one)'
        step = 'If these are logits or weighted sums, store them as kind `logit` or `value`.'
    if bad.any():
        at = table.ids[rows[bad]]
        raise TableError(fault(table.name, 'scores', law, f'{len(at)} bad rows: {shorten(at)}', step))
