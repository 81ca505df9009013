"""Label files: CSV rows of ``sample id,class name``, without a header."""
import csv
import os
from collections.abc import Iterable, Sequence

import numpy as np

from mmcomp.errors import TableError, fault
from mmcomp.files import atomic_open
from mmcomp.structures import PredictionTable


def write_labels(path: str | os.PathLike, ids: Iterable[str], names: Iterable[str],
                 header: Sequence[str] | None = None) -> None:
    """Write one row a sample, whole or not at all; ``header`` goes first where given."""
    with atomic_open(path, newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        if header:
            writer.writerow(header)
        writer.writerows(zip(ids, names, strict=True))


def read_labels(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Ids and class names of a label file, ``(N,)`` strings each.

    A first row ``filename,class`` or ``id,…`` is taken for a header.

    Raises:
        TableError: With file and line, if the file is missing or a row has not
            two fields, or if an id occurs twice.
    """
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            rows = [(number, row) for number, row in enumerate(csv.reader(file), 1) if row]
    except FileNotFoundError:
        raise TableError(f'{path}: no such label file. Check the path.') from None
    if rows and rows[0][1][0].strip().lower() in ('filename', 'id', 'image', 'image_id', 'path'):
        rows = rows[1:]
    seen = {}
    for number, row in rows:
        if len(row) != 2:
            raise TableError(fault(f'{path}:{number}', 'row', '`sample id,class`', ','.join(row),
                                   'Write two fields a row.'))
        if row[0] in seen:
            raise TableError(fault(f'{path}:{number}', 'id', f'unique (line {seen[row[0]]} has it too)', row[0],
                                   'Keep one of the two rows.'))
        seen[row[0]] = number
    if not rows:
        raise TableError(f'{path}: the label file is empty. Write it again.')
    return np.array([row[0] for _, row in rows]), np.array([row[1] for _, row in rows])


def names_of(table: PredictionTable, labels: np.ndarray) -> np.ndarray:
    """Class names of column numbers, ``(N,)`` strings."""
    return np.asarray(table.class_names)[labels]
