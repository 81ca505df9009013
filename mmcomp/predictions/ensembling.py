"""Weighted sums of prediction tables, one member at a time."""
import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.files import atomic_open
from mmcomp.predictions.headers import open_table
from mmcomp.predictions.joining import match_rows
from mmcomp.predictions.label_files import names_of
from mmcomp.predictions.member_weights import Member, check_weights, member_name
from mmcomp.predictions.progress import silent
from mmcomp.structures import PredictionTable

BLOCK_BYTES = 1 << 19  # a block and its product stay in the cache


def ensemble(members: Sequence[Member], weights: Sequence[float] | None = None,
             track: Callable = silent) -> PredictionTable:
    """The weighted sum of prediction tables.

    Members are joined by sample id and class name, in the order of the first.
    One float32 sum is in memory, and of large files only the rows at work.

    Args:
        members: M tables, or files that are read one after the other.
        weights: ``(M,)`` factors, used as they are; None for the mean. See
            :func:`mmcomp.predictions.member_weights.accuracy_weights`.
        track: Wraps the loop over members, to show progress.

    Returns:
        A table of kind ``probability`` if all members are and the weights sum
        to one, ``logit`` if all are logits, else ``value``.

    Raises:
        TableError: If members differ in samples, classes or kind, or hold NaN.
    """
    if not members:
        raise TableError('ensemble: there are no members. Pass tables with `--pkls` or `--pkls-dir`.')
    equal = np.full(len(members), 1 / len(members))
    weights = equal if weights is None else check_weights(weights, members)
    total, kinds = None, []
    for member, weight in track(list(zip(members, weights, strict=True)), 'adding members'):
        table = member if isinstance(member, PredictionTable) else open_table(member)
        kinds.append(table.kind)
        if total is None:
            total = replace(table, scores=np.zeros(table.scores.shape, dtype=np.float32), kind='value')
        _check_kind(table, kinds, member_name(members[0]))
        _add(total, table, float(weight))
        if total.classes is None:
            total = replace(total, classes=table.classes)
    origin = {'members': [member_name(m) for m in members], 'weights': [float(w) for w in weights]}
    return replace(total, kind=_kind_of_sum(kinds, weights), origin=origin)


def write_score_list(table: PredictionTable, path: str) -> None:
    """Pickle ``[(id, class name, scores), …]``, the published ensemble's list form."""
    _dump(list(zip(table.ids.tolist(), names_of(table, table.labels()).tolist(), table.scores, strict=True)), path)


def write_score_dict(table: PredictionTable, path: str) -> None:
    """Pickle ``{id: scores}``, the published ensemble's dict form."""
    _dump(dict(zip(table.ids.tolist(), table.scores, strict=True)), path)


def _dump(rows: list | dict, path: str) -> None:
    with atomic_open(path, 'wb') as file:
        pickle.dump(rows, file, protocol=4)


def _check_kind(table: PredictionTable, kinds: list[str], first: str) -> None:
    if table.kind == 'embedding':
        raise TableError(fault(table.name, 'kind', 'probability, logit or value', table.kind,
                               'Embeddings of two models share no axes; sum what is computed from them.'))
    if (table.kind == 'logit') != (kinds[0] == 'logit'):
        raise TableError(fault(table.name, 'kind', f'`{kinds[0]}` like that of {first}', table.kind,
                               'Predict both as probabilities.'))


def _kind_of_sum(kinds: Sequence[str], weights: np.ndarray) -> str:
    if set(kinds) == {'logit'}:
        return 'logit'
    return 'probability' if set(kinds) == {'probability'} and abs(weights.sum() - 1) < 1e-6 else 'value'


def _columns(total: PredictionTable, table: PredictionTable) -> np.ndarray | None:
    """Where the classes of ``total`` are in ``table``; None where they are in the same order."""
    if total.scores.shape[1] != table.scores.shape[1]:
        raise TableError(fault(table.name, 'scores', f'{total.scores.shape[1]} columns like those of {total.name}',
                               table.scores.shape[1], 'Ensemble models that share a class list.'))
    if total.classes is None or table.classes is None or total.classes == table.classes:
        return None
    column_of = {name: column for column, name in enumerate(table.classes)}
    missing = [name for name in total.classes if name not in column_of]
    if missing:
        raise TableError(f'{table.name}: its classes differ from those of {total.name}; it lacks {shorten(missing)}. '
                         'Ensemble models that share a class list.')
    return np.array([column_of[name] for name in total.classes])


def _rows(total: PredictionTable, table: PredictionTable) -> np.ndarray | None:
    """Where the samples of ``total`` are in ``table``; None where they are in the same order."""
    if np.array_equal(total.ids, table.ids):
        return None
    if len(table) > len(total):
        raise TableError(f'{table.name}: it has {len(table)} samples, {total.name} has {len(total)}. '
                         'Ensemble tables of the same samples.')
    return match_rows(total.ids, table.ids, table.name)


@cache
def _halves() -> np.ndarray:
    """The float32 value of every float16, by its bits."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)


def _add(total: PredictionTable, table: PredictionTable, weight: float) -> None:
    """``total.scores += weight * table.scores``, joined by id and class, block by block."""
    rows, columns = _rows(total, table), _columns(total, table)
    size = max(1, BLOCK_BYTES // max(1, 4 * total.scores.shape[1]))
    ones = np.ones(total.scores.shape[1], dtype=np.float32)
    is_half = table.scores.dtype == np.float16
    source = table.scores.view(np.uint16) if is_half else table.scores
    with np.errstate(invalid='ignore', over='ignore'):
        halves = _halves() * np.float32(weight) if is_half else None
        for start in range(0, len(total), size):
            block = slice(start, start + size)
            part = source[block] if rows is None else source[rows[block]]
            part = part if columns is None else part[:, columns]
            # A lookup is twice as fast as numpy's conversion of half precision.
            part = halves[part] if is_half else np.multiply(part, weight, dtype=np.float32, casting='same_kind')
            if not np.isfinite(part @ ones).all():
                raise _not_finite(table)
            total.scores[block] += part


def _not_finite(table: PredictionTable) -> TableError:
    try:
        table.check()
    except TableError as error:
        return error
    return TableError(f'{table.name}: its weighted scores leave the range of float32. Use smaller weights.')
