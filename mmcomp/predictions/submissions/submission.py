"""Submission files of one class a sample, checked against a sample submission."""
import csv
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.files import atomic_path
from mmcomp.predictions.formats.headers import open_table
from mmcomp.predictions.joining import match_rows
from mmcomp.predictions.labels.label_files import names_of, read_labels, write_labels

HEADER = ('filename', 'class')


@dataclass(frozen=True)
class SampleSubmission:
    """The organiser's example: its header (None without one), ids and values, ``(N,)`` each."""
    path: str
    header: tuple[str, ...] | None
    ids: np.ndarray
    values: np.ndarray


def predicted_classes(predictions: str | os.PathLike,
                      labels: str | os.PathLike | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Ids and class names of predictions, ``(N,)`` strings each.

    Args:
        predictions: A table, whose top scores count, or a CSV of ids and classes.
        labels: A CSV whose classes count instead, by id.

    Raises:
        TableError: If the table holds NaN or embeddings, or a class of ``labels`` is none of the table's.
    """
    if Path(predictions).suffix == '.csv':
        ids, names = read_labels(predictions)
        known = None
    else:
        table = open_table(predictions)
        if table.kind == 'embedding':
            raise TableError(fault(predictions, 'kind', 'probability, logit or value', table.kind,
                                   'Its columns are no classes; predict these.'))
        ids, names, known = table.ids, names_of(table, table.check().labels()), table.classes
    if labels:
        label_ids, label_names = read_labels(labels)
        names = label_names[match_rows(ids, label_ids, str(labels))]
        strange = sorted(set(names) - set(known)) if known else []
        if strange:
            raise TableError(f'{labels}: {shorten(strange)} are no classes of {predictions}. '
                             'Take labels made from this table.')
    return ids, names


def read_sample(path: str | os.PathLike, has_header: bool = True) -> SampleSubmission:
    """Read a sample submission of two columns.

    Raises:
        TableError: If it is missing, has other than two columns, or an id twice.
    """
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            rows = [row for row in csv.reader(file) if row]
    except FileNotFoundError:
        raise TableError(f'{path}: no such sample submission. Check the path.') from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f'{path}: not a CSV file ({error}). Take the original file.') from error
    bad = next((row for row in rows if len(row) != 2), None)
    if bad is not None:
        raise TableError(fault(path, 'row', 'of two columns, sample id and class', ','.join(bad),
                               'Forms with more columns need a writer of their own.'))
    header, rows = (tuple(rows[0]), rows[1:]) if has_header and rows else (None, rows)
    ids, values = (np.array(column, dtype=np.str_) for column in (zip(*rows, strict=True) if rows else ((), ())))
    unique, counts = np.unique(ids, return_counts=True)
    if not len(ids) or len(unique) < len(ids):
        raise TableError(fault(path, 'ids', 'there, and unique', shorten(unique[counts > 1]) or 'no rows',
                               'Take the original file, with --no-header if it has none.'))
    return SampleSubmission(str(path), header, ids, values)


def pad_digits(names: np.ndarray, digits: int) -> np.ndarray:
    """Class names with leading zeros: ``42`` → ``0042``.

    Raises:
        TableError: If a name is no number, or longer.
    """
    bad = [name for name in np.unique(names) if not name.isdecimal() or len(name) > digits]
    if bad:
        raise TableError(fault('--digits', 'class names', f'numbers of at most {digits} digits', shorten(bad),
                               'Leave --digits out, or give more.'))
    return np.char.zfill(names, digits)


def fit_to_sample(ids: np.ndarray, names: np.ndarray, sample: SampleSubmission,
                  where: str) -> tuple[np.ndarray, np.ndarray]:
    """Ids and classes in the order and spelling of the sample submission.

    Args:
        ids: Predicted samples, ``(N,)``.
        names: Their classes, ``(N,)``.
        sample: What the organiser expects.
        where: The file of the predictions, for errors.

    Raises:
        TableError: If a sample is missing or too much, or the sample's classes
            are numbers of a fixed width and ours are not.
    """
    rows = match_rows(sample.ids, ids, where)
    extra = np.setdiff1d(np.arange(len(ids)), rows)
    if len(extra):
        raise TableError(f'{where}: {len(extra)} ids are not in {sample.path}: {shorten(ids[extra])}. '
                         'Predict the test set of this competition only.')
    names, width = names[rows], len(sample.values[0])
    fixed = all(v.isdecimal() and len(v) == width for v in sample.values)
    other = next((n for n in names if not n.isdecimal() or len(n) != width), None)
    if fixed and width > 1 and other is not None:
        raise TableError(fault(where, 'class', f'{width} digits as in {sample.path}', other,
                               f'Pass `--digits {width}`.'))
    return sample.ids, names


def write_submission(path: str | os.PathLike, ids: np.ndarray, names: np.ndarray,
                     header: tuple[str, ...] | None = HEADER, zipped: bool = False) -> Path:
    """Write the CSV and, if ``zipped``, the same in a zip of that name beside it.

    Returns:
        The file to upload.
    """
    path = Path(path)
    write_labels(path, ids, names, header)
    if not zipped:
        return path
    target = path.with_suffix('.zip')
    with atomic_path(target) as temporary, zipfile.ZipFile(temporary, 'w', zipfile.ZIP_DEFLATED) as archive:
        # A fixed date, so that equal submissions are equal files.
        entry = zipfile.ZipInfo(path.name, (1980, 1, 1, 0, 0, 0))
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        archive.writestr(entry, path.read_bytes())
    return target
