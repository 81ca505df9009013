"""Classes by the votes of the nearest labelled samples in a space of embeddings."""
from collections.abc import Callable

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.predictions.progress import silent
from mmcomp.structures import PredictionTable

ROWS, COLUMNS = 1024, 16384  # similarities that are looked at together: 64 MB


def nearest(queries: np.ndarray, references: np.ndarray, k: int,
            track: Callable = silent) -> tuple[np.ndarray, np.ndarray]:
    """The k references of the highest cosine to each query: rows and cosines, ``(N, k)`` each, the nearest first.

    Never more than a block of cosines is in memory, however many there are of both.

    Args:
        queries: ``(N, D)``.
        references: ``(M, D)``, M >= k.
        k: Neighbours.
        track: Wraps the loop over blocks of queries, to show progress.
    """
    references, k = _unit(references), min(k, len(references))
    rows, cosines = np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k), dtype=np.float32)
    for start in track(range(0, len(queries), ROWS), 'neighbours'):
        block = _unit(queries[start:start + ROWS])
        found = np.empty((len(block), 0), dtype=np.int64)
        near = np.empty((len(block), 0), dtype=np.float32)
        for at in range(0, len(references), COLUMNS):
            part = block @ references[at:at + COLUMNS].T
            best = _highest(part, k)
            found = np.concatenate([found, best + at], axis=1)
            near = np.concatenate([near, np.take_along_axis(part, best, axis=1)], axis=1)
            keep = _highest(near, k)
            found, near = np.take_along_axis(found, keep, axis=1), np.take_along_axis(near, keep, axis=1)
        order = np.lexsort((found, -near), axis=1)
        rows[start:start + ROWS] = np.take_along_axis(found, order, axis=1)
        cosines[start:start + ROWS] = np.take_along_axis(near, order, axis=1)
    return rows, cosines


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, dtype=np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _highest(values: np.ndarray, k: int) -> np.ndarray:
    if values.shape[1] <= k:
        return np.broadcast_to(np.arange(values.shape[1]), values.shape)
    return np.argpartition(values, values.shape[1] - k, axis=1)[:, -k:]


def votes(rows: np.ndarray, cosines: np.ndarray, labels: np.ndarray, classes: int,
          temperature: float | None = None) -> np.ndarray:
    """Shares of the votes for each class, ``(N, C)`` float32.

    Args:
        rows: ``(N, k)`` of :func:`nearest`.
        cosines: ``(N, k)``.
        labels: Classes of the references, ``(M,)``.
        classes: C.
        temperature: A vote counts ``exp(cosine / temperature)``; all alike without one.
    """
    weights = np.ones_like(cosines) if temperature is None else \
        np.exp((cosines - cosines.max(axis=1, keepdims=True)) / temperature)
    shares = np.zeros((len(rows), classes), dtype=np.float32)
    np.add.at(shares, (np.arange(len(rows))[:, None], labels[rows]), weights)
    return shares / shares.sum(axis=1, keepdims=True)


def vote_table(table: PredictionTable, labelled: PredictionTable, labels: np.ndarray, classes: int, k: int = 10,
               temperature: float | None = None, track: Callable = silent) -> PredictionTable:
    """A table of probabilities for embeddings, by the votes of labelled ones of the same model.

    Args:
        table: Embeddings of the unlabelled samples.
        labelled: Embeddings of labelled ones.
        labels: Their classes, ``(M,)``.
        classes: C.
        k: Voters.
        temperature: See :func:`votes`.
        track: Wraps the loop over blocks, to show progress.

    Raises:
        TableError: If a table holds no embeddings, the widths differ, or a
            sample is in both, where it would vote for itself.
    """
    for one in (table, labelled):
        if one.kind != 'embedding':
            raise TableError(fault(one.name, 'kind', 'embedding', one.kind, 'Predict features, not classes.'))
        one.check()
    if table.scores.shape[1] != labelled.scores.shape[1]:
        raise TableError(fault(table.name, 'scores', f'{labelled.scores.shape[1]} wide like those of {labelled.name}',
                               table.scores.shape[1], 'Take embeddings of one model.'))
    if not 1 <= k <= len(labelled):
        raise TableError(fault(labelled.name, 'k', f'from 1 to {len(labelled)}, the labelled samples', k,
                               'Correct it.'))
    if both := sorted(set(table.ids.tolist()) & set(labelled.ids.tolist())):
        raise TableError(f'{table.name}: {len(both)} samples are labelled ones of {labelled.name}, too: '
                         f'{shorten(both)}. They would vote for themselves; leave them out.')
    rows, cosines = nearest(table.scores, labelled.scores, k, track)
    return PredictionTable(table.ids, votes(rows, cosines, labels, classes, temperature),
                           origin=dict(voters=labelled.name, k=k, teachers=[labelled.name]))
