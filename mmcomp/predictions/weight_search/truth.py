"""True classes of out-of-fold samples, from the files in which people keep them."""
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmcomp.annotations import read_list
from mmcomp.errors import TableError, did_you_mean, fault, shorten
from mmcomp.predictions.joining import base_names, find_rows
from mmcomp.predictions.labels.label_files import read_labels
from mmcomp.structures import PredictionTable


def read_truth(path: str | os.PathLike, table: PredictionTable, coded: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Sample ids and the table's columns of their classes, ``(N,)`` each.

    Args:
        path: ``.csv`` of ``sample id,class name``; anything else is an
            annotation list of ``relative/path.jpg <class index>`` lines.
        table: Whose classes count.
        coded: Labels of an annotation list are not classes but codes of a class and groups, see
            :func:`mmcomp.metrics.bias_auc.coded_groups`.

    Raises:
        TableError: If a class is none of the table's.
        DataError: If the list is missing or a line is wrong.
    """
    names = table.class_names if table.scores.shape[1] > 1 else ('0', '1')  # one column is the score of class 1
    if Path(path).suffix.lower() != '.csv':
        ids, labels = read_list(path)
        if coded:
            return np.asarray(ids), labels
        beyond = np.flatnonzero(labels >= len(names))
        if len(beyond):
            raise TableError(fault(path, 'labels', f'below {len(names)}, the classes of {table.name}',
                                   f'{len(beyond)} others, such as {labels[beyond[0]]} of {ids[beyond[0]]}',
                                   'Take tables of a model with the classes of the list.'))
        return np.asarray(ids), labels
    ids, given = read_labels(path)
    columns = find_rows(given, names)
    unknown = np.unique(given[columns < 0]).tolist()
    if unknown:
        numbered = '' if table.classes else ' The table has no class names, so classes are column numbers.'
        raise TableError(f'{path}: {len(unknown)} classes are none of those of {table.name}: {shorten(unknown)}.'
                         f'{numbered or did_you_mean(unknown[0], names)} Correct the labels.')
    return ids, columns


def find_samples(wanted: Sequence[str], have: Sequence[str]) -> np.ndarray:
    """Row of each wanted id in ``have`` or -1; base names count where whole ids fit nowhere and names are unique."""
    rows = find_rows(wanted, have)
    if (rows < 0).all():
        short, theirs = base_names(wanted), base_names(have)
        if len(set(short)) == len(short) and len(set(theirs)) == len(theirs):
            return find_rows(short, theirs)
    return rows


def labelled_rows(tables: Sequence[PredictionTable], ids: np.ndarray, where: object,
                  partial: bool = False) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """Which labels are used, and where their samples are in each table.

    The order is that of the first table, which is then read front to back.

    Args:
        tables: Of the members.
        ids: Labelled samples, ``(L,)``.
        where: The file of the labels.
        partial: Use the samples that the labels and all tables share; else each must have all.

    Returns:
        Positions in ``ids``, ``(N,)``; for each table its rows ``(N,)``, or None where they are all of its own.

    Raises:
        TableError: Naming samples that a table or the labels lack.
    """
    label = find_samples(tables[0].ids, ids)
    found = [find_samples(ids, tables[0].ids)]
    for table in tables[1:]:
        found.append(found[0] if np.array_equal(table.ids, tables[0].ids) else find_samples(ids, table.ids))
    if not partial:
        _refuse_gaps(tables[0].name, ids[found[0] < 0], len(ids), where)
        _refuse_gaps(where, tables[0].ids[label < 0], len(label), tables[0].name)
        for table, rows in zip(tables, found, strict=True):
            _refuse_gaps(table.name, ids[rows < 0], len(ids), where)
            extra = np.flatnonzero(np.bincount(rows, minlength=len(table)) == 0)
            _refuse_gaps(where, table.ids[extra], len(table), table.name)
    chosen = label[label >= 0]
    chosen = chosen[np.all([rows[chosen] >= 0 for rows in found], axis=0)]
    if not len(chosen):
        raise TableError(f'{where}: no sample is in all tables; it has {shorten(ids, 2)}, {tables[0].name} has '
                         f'{shorten(tables[0].ids, 2) or "no samples"}. Take tables of labelled samples.')
    rows = [rows[chosen] for rows in found]
    same = [len(r) == len(t) and bool((np.diff(r, prepend=-1) == 1).all()) for t, r in zip(tables, rows, strict=True)]
    return chosen, [None if s else r for s, r in zip(same, rows, strict=True)]


def _refuse_gaps(who: object, missing: np.ndarray, number: int, other: object) -> None:
    if len(missing):
        raise TableError(f'{who}: it lacks {len(missing)} of the {number} samples of {other}: {shorten(missing)}. Join '
                         'the tables of all folds first, or use the samples that all share with `--partial`.')
