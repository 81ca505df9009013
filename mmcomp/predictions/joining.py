"""Joining rows of different tables by sample id."""
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.structures.prediction_table import PredictionTable


def base_names(ids: Sequence[str]) -> np.ndarray:
    """``a/b.jpg`` → ``b.jpg`` for every id."""
    return np.array([PurePosixPath(i).name for i in ids], dtype=np.str_)


def find_rows(wanted: Sequence[str], have: Sequence[str]) -> np.ndarray:
    """Row of each wanted id in ``have``, or -1."""
    row_of = {name: row for row, name in enumerate(have)}
    return np.array([row_of.get(name, -1) for name in wanted], dtype=np.int64)


def match_rows(wanted: Sequence[str], have: Sequence[str], where: str,
               next_step: str = 'Predict the missing samples, or join tables of the same data set.') -> np.ndarray:
    """Rows of ``have`` in the order of ``wanted``.

    Whole ids are compared; if they do not cover ``wanted``, base names are
    tried, but only when they are unique on both sides, since ``a/1.jpg`` and
    ``b/1.jpg`` are different samples.

    Args:
        wanted: Ids to find, ``(N,)``.
        have: Ids to look in, ``(M,)``, M >= N.
        where: The file that ``have`` came from, for the error.
        next_step: What the error tells to do.

    Returns:
        ``(N,)`` integers.

    Raises:
        TableError: If an id is missing.
    """
    rows = find_rows(wanted, have)
    if (rows >= 0).all():
        return rows
    short_wanted, short_have = base_names(wanted), base_names(have)
    unique = len(set(short_wanted)) == len(short_wanted) and len(set(short_have)) == len(short_have)
    if unique:
        by_name = find_rows(short_wanted, short_have)
        if (by_name >= 0).all():
            return by_name
        rows = np.maximum(rows, by_name)
    missing = np.asarray(wanted)[rows < 0]
    hint = '' if unique else ' File names alone are not unique here, so whole ids must agree.'
    raise TableError(f'{where}: {len(missing)} of {len(wanted)} ids are not in it: {shorten(missing)}.{hint} '
                     f'{next_step}')


def match_classes(classes: Sequence[str] | None, columns: int, table: PredictionTable, first: str) -> np.ndarray | None:
    """Where classes are among a table's columns; None where they are in the same order.

    Args:
        classes: Names in the order wanted; None where columns have no names.
        columns: How many there are.
        table: A table with or without class names.
        first: The file that the order came from, for the error.

    Raises:
        TableError: If the table has other classes.
    """
    of_others = classes is None or table.classes is None or len(classes) != columns
    if table.scores.shape[1] != columns and of_others:
        raise TableError(fault(table.name, 'scores', f'{columns} columns like those of {first}',
                               table.scores.shape[1], 'Take tables of models that share a class list.'))
    if classes is None or table.classes is None or tuple(classes) == table.classes:
        return None
    column_of = {name: column for column, name in enumerate(table.classes)}
    missing = [name for name in classes if name not in column_of]
    extra = sorted(set(table.classes).difference(classes))
    if missing or extra:
        differ = [f'{word} {shorten(names)}' for word, names in (('it lacks', missing), ('only here:', extra)) if names]
        raise TableError(f'{table.name}: its {len(table.classes)} classes differ from the {columns} columns of '
                         f'{first}; {"; ".join(differ)}. Take tables of models that share a class list.')
    return np.array([column_of[name] for name in classes])


def union_of_ids(ids: Sequence[np.ndarray], names: Sequence[str]) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """All ids of several tables, and the row of each in every table, -1 where it has none.

    Ids come in the order of the first table, then what others add. Whole ids
    are compared.

    Raises:
        TableError: If a table shares no whole id with those before but shares
            base names, which would count samples twice.
    """
    place: dict[str, int] = {}
    for own, name in zip(ids, names, strict=True):
        before = len(place)
        for one in own.tolist():
            place.setdefault(one, len(place))
        if before and len(place) == before + len(own):
            bases = set(base_names(list(place)[:before]))
            if doubled := [i for i in own.tolist() if PurePosixPath(i).name in bases]:
                raise TableError(f'{name}: its ids differ from those before only in their folders: {shorten(doubled)}. '
                                 'Write them alike.')
    union = np.array(list(place), dtype=np.str_)
    return union, [None if np.array_equal(own, union) else find_rows(union, own) for own in ids]
