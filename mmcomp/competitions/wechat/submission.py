"""``result.csv``: one ``id,category_id`` line a sample, no header, every id of the test set once."""
import csv
import os
from collections.abc import Iterable, Sequence

import numpy as np

from mmcomp.competitions.wechat.taxonomy import Taxonomy, is_code
from mmcomp.errors import TableError, fault, shorten
from mmcomp.predictions.labels.label_files import write_labels


def check_result(path: str | os.PathLike, wanted: Sequence[str], taxonomy: Taxonomy | None = None) -> int:
    """Check a ``result.csv`` as the judge does, and for what the judge does not see.

    Args:
        path: The file.
        wanted: The ids of the test set.
        taxonomy: The classes there are; without it any four digits are one.

    Returns:
        The number of lines.

    Raises:
        TableError: With the line: not two fields, a header, a category that is
            no code, an id that is unknown, twice or missing, or Windows line ends.
    """
    try:
        with open(path, encoding='utf-8', newline='') as file:
            text = file.read()
    except FileNotFoundError:
        raise TableError(f'{path}: no such submission. Check the path.') from None
    if '\r' in text:
        raise TableError(f'{path}: `line ends` must be LF; got CR. Write it again without.')
    rows = list(csv.reader(text.splitlines()))
    known, seen = set(wanted), {}
    for number, row in enumerate(rows, 1):
        _check_row(f'{path}:{number}', row, known, taxonomy)
        if row[0] in seen:
            raise TableError(fault(f'{path}:{number}', 'id', f'unique (line {seen[row[0]]} has it too)', row[0],
                                   'Keep one of the two lines.'))
        seen[row[0]] = number
    missing = [name for name in wanted if name not in seen]
    if missing:
        raise TableError(f'{path}: {len(missing)} of {len(known)} ids are not in it: {shorten(missing)}. '
                         'Predict every test sample.')
    return len(rows)


def write_result(path: str | os.PathLike, ids: Iterable[str], labels: Sequence[int] | Sequence[str],
                 wanted: Sequence[str], taxonomy: Taxonomy | None = None) -> int:
    """Write a ``result.csv`` in the order of the test set, and check it.

    Args:
        path: The file.
        ids: Predicted samples, ``(N,)``.
        labels: Their labels as integers, or codes as texts of four digits.
        wanted: The ids of the test set.
        taxonomy: By default the 200 classes of the competition.

    Returns:
        The number of lines.

    Raises:
        TableError: As of :func:`check_result`; nothing is written then.
    """
    taxonomy, code_of = taxonomy or Taxonomy.from_counts(), {}
    for name, code in zip(map(str, ids), _codes(labels, taxonomy, str(path)), strict=True):
        if name in code_of:
            raise TableError(fault(path, 'ids', 'unique', name, 'Keep one row of each.'))
        _check_row(str(path), [name, code], None, taxonomy)
        code_of[name] = code
    missing, extra = [i for i in wanted if i not in code_of], sorted(set(code_of) - set(wanted))
    if missing or extra:
        raise TableError(f'{path}: {len(missing)} ids are missing ({shorten(missing) or "none"}), {len(extra)} unknown '
                         f'({shorten(extra) or "none"}). Predict the test set, whole and alone.')
    write_labels(path, wanted, [code_of[name] for name in wanted])
    return check_result(path, wanted, taxonomy)


def _codes(labels: Sequence[int] | Sequence[str], taxonomy: Taxonomy, where: str) -> list[str]:
    """Codes of labels; texts are codes already."""
    labels = np.asarray(labels)
    if labels.dtype.kind == 'U':
        return labels.tolist()
    if len(labels) and (labels.dtype.kind not in 'iu' or labels.min() < 0 or labels.max() >= len(taxonomy)):
        raise TableError(fault(where, 'labels', f'whole numbers in 0…{len(taxonomy) - 1}, or codes',
                               (labels.dtype.name, labels.min(), labels.max()), 'Pass labels, not category numbers.'))
    return [taxonomy.codes[label] for label in labels]


def _check_row(where: str, row: Sequence[str], known: set[str] | None, taxonomy: Taxonomy | None) -> None:
    if len(row) != 2:
        raise TableError(fault(where, 'line', '`id,category_id`', ','.join(row), 'Write two fields a line.'))
    name, code = row
    if known is not None and name not in known:
        hint = 'Leave the header out.' if code == 'category_id' else 'Predict the test set only.'
        raise TableError(fault(where, 'id', 'one of the test set', name, hint))
    if not is_code(code):
        raise TableError(fault(where, 'category_id', 'four digits', code,
                               'Numbers lose their zeros; write texts.' if code.isdecimal() else 'Correct it.'))
    if taxonomy is not None and code not in taxonomy.label_of:
        raise TableError(fault(where, 'category_id', f'one of the {len(taxonomy)} codes', code, 'Correct it.'))
