"""Patches of annotation lists: a CSV that says which label to change or row to drop."""
import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmcomp.errors import DataError, did_you_mean, fault, shorten
from mmcomp.files import atomic_open
from mmcomp.predictions.joining import find_rows

COLUMNS = ('path', 'given_label', 'suggested_label', 'score', 'action')
ACTIONS = ('drop', 'relabel', 'keep')


@dataclass(frozen=True)
class LabelPatch:
    """What to do with some rows of an annotation list; ``(M,)`` each.

    ``actions`` are ``drop``, ``relabel`` (to the suggested label) or ``keep``,
    which a reader may write to save a row.
    """
    paths: list[str]
    given: np.ndarray
    suggested: np.ndarray
    scores: np.ndarray
    actions: list[str]

    def __len__(self) -> int:
        return len(self.paths)


def write_patch(patch: LabelPatch, path: str | os.PathLike) -> None:
    """Write the patch as CSV, whole or not at all."""
    with atomic_open(path, newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(COLUMNS)
        scores = (f'{score:.4f}' for score in patch.scores)
        writer.writerows(zip(patch.paths, patch.given, patch.suggested, scores, patch.actions, strict=True))


def read_patch(path: str | os.PathLike) -> LabelPatch:
    """Read a patch, perhaps edited by hand.

    Raises:
        DataError: With file and line, on a wrong header, number or action.
    """
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            header, *rows = csv.reader(file)
    except FileNotFoundError:
        raise DataError(f'{path}: no such patch. Check the path.') from None
    except ValueError:
        raise DataError(f'{path}: the patch is empty. Write it again.') from None
    if tuple(header) != COLUMNS:
        raise DataError(fault(path, 'header', ','.join(COLUMNS), ','.join(header), 'Take a patch of `clean_labels`.'))
    rows = [_parse(row, f'{path}:{number}') for number, row in enumerate(rows, 2) if row]
    paths, given, suggested, scores, actions = zip(*rows, strict=True) if rows else ((),) * 5
    return LabelPatch(list(paths), np.array(given, np.int64), np.array(suggested, np.int64),
                      np.array(scores, np.float64), list(actions))


def apply_patch(patch: LabelPatch, paths: Sequence[str], labels: np.ndarray,
                where: object = 'list') -> tuple[list[str], np.ndarray]:
    """A new list with the patch applied; the arguments stay as they are.

    Raises:
        DataError: If a patched path is not in the list or has another label
            there, as the patch was then made for another list.
    """
    rows = find_rows(patch.paths, paths)
    if (rows < 0).any():
        missing = [p for p, row in zip(patch.paths, rows, strict=True) if row < 0]
        raise DataError(f'{where}: {len(missing)} patched paths are not in it: {shorten(missing)}. '
                        'Apply the patch to the list it was made from.')
    other = labels[rows] != patch.given
    if other.any():
        row = rows[other][0]
        raise DataError(fault(where, paths[row], f'labelled {patch.given[other][0]} as in the patch', int(labels[row]),
                              'Apply the patch to the list it was made from.'))
    actions = np.array(patch.actions, dtype=np.str_)
    labels, stays = labels.copy(), np.ones(len(paths), dtype=bool)
    relabel = actions == 'relabel'
    labels[rows[relabel]] = patch.suggested[relabel]
    stays[rows[actions == 'drop']] = False
    return [p for p, keep in zip(paths, stays, strict=True) if keep], labels[stays]


def _parse(row: list[str], where: str) -> tuple[str, int, int, float, str]:
    if len(row) != len(COLUMNS):
        raise DataError(fault(where, 'row', f'{len(COLUMNS)} fields', len(row), 'Correct it.'))
    path, given, suggested, score, action = row
    if action not in ACTIONS:
        raise DataError(fault(where, 'action', f'one of {ACTIONS}', action,
                              f'Correct it.{did_you_mean(action, ACTIONS)}'))
    try:
        return path, int(given), int(suggested), float(score), action
    except ValueError:
        raise DataError(fault(where, 'labels and score', 'numbers', row[1:4], 'Correct them.')) from None
