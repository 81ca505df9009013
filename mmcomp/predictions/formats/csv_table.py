"""Tables as CSV: a header of ``id`` and the class names, then a row a sample."""
import csv
import os
from itertools import islice

import numpy as np

from mmcomp.errors import TableError, fault
from mmcomp.files import atomic_open
from mmcomp.predictions.formats.table_stream import TableStream, assemble
from mmcomp.structures.prediction_table import SUM_TOLERANCE, PredictionTable

# As many as bring the same number back; halves are read as float32.
DIGITS = {'float16': '%.9g', 'float32': '%.9g', 'float64': '%.17g'}
LABELS = {'class', 'label', 'pred_class', 'category'}
ROWS = 256


def write_csv(stream: TableStream, path: str | os.PathLike) -> None:
    """Write ids, classes and scores; kind and origin have no place in a CSV."""
    digits, start = DIGITS[stream.head.scores.dtype.name], 0
    with atomic_open(path, newline='') as file:
        file.write(','.join(map(_quoted, ['id', *stream.head.class_names])) + '\n')
        for block in stream.blocks():
            ids = stream.head.ids[start:start + len(block)].tolist()
            file.writelines(f'{_quoted(name)},{",".join([digits % v for v in row])}\n'
                            for name, row in zip(ids, block.tolist(), strict=True))
            start += len(block)


def _quoted(text: str) -> str:
    """A field; the csv module of Python 3.11 leaves a carriage return without quotes, and reads it as a new line."""
    return '"' + text.replace('"', '""') + '"' if not text or set(text) & set(',"\r\n') else text


def read_csv(path: str | os.PathLike) -> PredictionTable:
    """Read float32 scores; rows of probabilities are recognised, all else is of kind ``value``.

    Raises:
        TableError: With file and line, if a row is not as long as the header
            or holds what is no number.
    """
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            reader = csv.reader(file)
            header = next(reader, [])
            _check_header(path, header)
            ids, blocks = [], []
            while rows := list(islice(reader, ROWS)):
                blocks.append(_numbers(path, header, rows, reader.line_num))
                ids += [row[0] for row in rows if row]
    except FileNotFoundError:
        raise TableError(f'{path}: no such file. Check the path.') from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f'{path}: not a whole CSV file ({error}). Write it again.') from error
    scores = np.concatenate(blocks) if blocks else np.empty((0, len(header) - 1), np.float32)
    return assemble(path, ids, scores, kind_of(scores), header[1:])


def kind_of(scores: np.ndarray) -> str:
    """``probability`` if every row is one, else ``value``."""
    if not len(scores):
        return 'value'
    with np.errstate(invalid='ignore', over='ignore'):
        close = abs(scores.sum(axis=1, dtype=np.float32) - 1) < SUM_TOLERANCE[scores.dtype.name]
        return 'probability' if close.all() and (scores >= 0).all() else 'value'


def _check_header(path: object, header: list[str]) -> None:
    if len(header) < 2:
        raise TableError(f'{path}: its first line must be `id` and a name for each class. Write it again.')
    if len(header) == 2 and header[1].strip().lower() in LABELS:
        raise TableError(f'{path}: these are labels, a class a row, and no scores. Give a table with a column a class.')
    if all(_is_number(name) for name in header[1:]) and any('.' in name for name in header[1:]):
        raise TableError(f'{path}: its first line holds scores. Put `id` and the class names above it.')


def _is_number(text: str) -> bool:
    try:
        return float(text) is not None
    except ValueError:
        return False


def _numbers(path: object, header: list[str], rows: list[list[str]], last_line: int) -> np.ndarray:
    rows = [row for row in rows if row]
    for row in rows:
        if len(row) != len(header):
            raise TableError(fault(f'{path}: row `{row[0]}` near line {last_line}', 'row',
                                   f'{len(header)} fields, as the header has', len(row), 'Write it again.'))
    try:
        with np.errstate(over='ignore'):
            return np.array([row[1:] for row in rows], dtype=np.float64).astype(np.float32).reshape(
                len(rows), len(header) - 1)
    except ValueError:
        name, value = next((row[0], v) for row in rows for v in row[1:] if not _is_number(v))
        raise TableError(fault(f'{path}: row `{name}` near line {last_line}', 'score', 'a number', value,
                               'Correct it.')) from None
