"""What is known of the classes: CSV rows of ``class,count``, ``class,probability`` or ``class,fewest,most``."""
import csv
import math
import os
from collections.abc import Sequence

import numpy as np

from mmcomp.errors import TableError, did_you_mean, fault, shorten


def read_prior(path: str | os.PathLike, classes: Sequence[str]) -> np.ndarray:
    """Numbers of the classes in column order, ``(C,)``: counts or probabilities, as they stand in the file.

    Raises:
        TableError: With file and line, if a class is missing, unknown or there
            twice, or if a number is negative, not finite, or all are zero.
    """
    numbers = _read(path, classes, 1, 'class,count')[:, 0]
    if not numbers.sum() > 0:
        raise TableError(fault(path, 'counts', 'above zero in sum', 0, 'Write counts or probabilities of the classes.'))
    return numbers


def read_bounds(path: str | os.PathLike, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Fewest and most samples a class, ``(C,)`` integers each.

    Raises:
        TableError: As :func:`read_prior`, or if a row's bounds are no integers
            or the first is above the second.
    """
    numbers = _read(path, classes, 2, 'class,fewest,most')
    wrong = np.flatnonzero((numbers != np.rint(numbers)).any(axis=1) | (numbers[:, 0] > numbers[:, 1]))
    if len(wrong):
        first = wrong[0]
        raise TableError(fault(path, f'bounds of {classes[first]}', 'integers, the fewest first',
                               numbers[first].tolist(), 'Correct them.'))
    low, high = numbers.astype(np.int64).T
    return low, high


def _read(path: str | os.PathLike, classes: Sequence[str], width: int, form: str) -> np.ndarray:
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            rows = [(number, row) for number, row in enumerate(csv.reader(file), 1) if row]
    except FileNotFoundError:
        raise TableError(f'{path}: no such file. Check the path.') from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f'{path}: not a CSV file ({error}). Write rows of `{form}`.') from None
    if rows and rows[0][1][0].strip().lower() == 'class' and 'class' not in classes:
        rows = rows[1:]
    column, found = {name: i for i, name in enumerate(classes)}, {}
    for number, row in rows:
        where = f'{path}:{number}'
        values = [_number(text) for text in row[1:]]
        if len(row) != width + 1 or not all(math.isfinite(v) and v >= 0 for v in values):
            raise TableError(fault(where, 'row', f'`{form}` with numbers from 0 up', ','.join(row), 'Correct it.'))
        if row[0] not in column:
            raise TableError(fault(where, 'class', 'one of the table', row[0],
                                   f'The table has {shorten(classes, 3)}.{did_you_mean(row[0], column)}'))
        if row[0] in found:
            raise TableError(fault(where, 'class', f'unique (line {found[row[0]][0]} has it too)', row[0],
                                   'Keep one of the two rows.'))
        found[row[0]] = number, values
    missing = [name for name in classes if name not in found]
    if missing:
        raise TableError(f'{path}: {len(missing)} of {len(classes)} classes are missing: {shorten(missing)}. '
                         'Give every class of the table a row.')
    return np.array([found[name][1] for name in classes])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
