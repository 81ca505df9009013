"""Cross-validation folds of an annotation list or a table: stratified, and grouped if asked."""
import csv
import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmcomp.annotations import write_list
from mmcomp.errors import ConfigError, DataError, fault, shorten
from mmcomp.files import atomic_open
from mmcomp.tabular import check_ids, read_columns


def stratified_folds(labels: np.ndarray, folds: int, seed: int = 0) -> np.ndarray:
    """The fold in which each row is validated, ``(N,)`` integers in 0…folds-1.

    Rows are shuffled, sorted by class and dealt out in turn, so that the counts
    of any class, and the sizes, differ by at most one between folds. A class
    with fewer rows than folds is in as many folds as it has rows.
    """
    labels = np.asarray(labels)
    _check(folds, len(labels), 'rows')
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind='stable')]
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(labels)) % folds
    return fold


def grouped_folds(labels: np.ndarray, groups: Sequence[object], folds: int, seed: int = 0) -> np.ndarray:
    """Like :func:`stratified_folds`, with all rows of a group in one fold.

    Groups, the largest first, go where their classes have the fewest rows so
    far relative to the size of the class, then where the fewest rows are. The
    work is one step a row, unlike that of scikit-learn's StratifiedGroupKFold,
    which looks at all classes for every group.
    """
    labels = np.unique(np.asarray(labels), return_inverse=True)[1]
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    sizes = np.bincount(group)
    _check(folds, len(sizes), 'groups')
    rarity = 1 / np.bincount(labels)
    in_class, in_fold = np.zeros((folds, len(rarity))), np.zeros(folds)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind='stable')]
    rows_of = np.split(np.argsort(group, kind='stable'), np.cumsum(sizes)[:-1])
    fold = np.empty(len(labels), dtype=np.int64)
    for g in order:
        classes = labels[rows_of[g]]
        crowded = (in_class[:, classes] * rarity[classes]).sum(axis=1)
        best = np.lexsort((in_fold, np.round(crowded, 9)))[0]
        fold[rows_of[g]] = best
        np.add.at(in_class[best], classes, 1)
        in_fold[best] += len(classes)
    return fold


def groups_by_regex(paths: Sequence[str], pattern: str) -> list[str]:
    """What ``pattern`` finds in each path: its first bracket, or all of it.

    Raises:
        ConfigError: If the pattern is no regular expression.
        DataError: If it finds nothing in a path.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ConfigError(fault('--group-regex', 'pattern', 'a regular expression', pattern, f'{error}.')) from None
    found = [compiled.search(path) for path in paths]
    missing = [path for path, match in zip(paths, found, strict=True) if match is None]
    if missing:
        raise DataError(f'--group-regex: `{pattern}` finds nothing in {len(missing)} paths: {shorten(missing)}. '
                        'Widen the pattern.')
    return [match.group(1 if compiled.groups else 0) for match in found]


def read_groups(path: str | os.PathLike, paths: Sequence[str]) -> list[str]:
    """Groups from a file of ``relative/path.jpg <group>`` lines, one for every path.

    Raises:
        DataError: If the file is missing or lacks a path.
    """
    try:
        lines = Path(path).read_text(encoding='utf-8-sig').splitlines()
    except FileNotFoundError:
        raise DataError(f'{path}: no such group file. Check the path.') from None
    group_of = dict(line.strip().rsplit(maxsplit=1) for line in lines if len(line.split()) > 1)
    missing = [name for name in paths if name not in group_of]
    if missing:
        raise DataError(f'{path}: {len(missing)} of {len(paths)} paths have no group: {shorten(missing)}. '
                        'Write one `relative/path.jpg group` line for each.')
    return [group_of[name] for name in paths]


def read_rows(path: str | os.PathLike, id_col: str | None, label_col: str, threshold: float | None = None,
              group_col: str | None = None) -> tuple[list[str], np.ndarray, list[str] | None]:
    """Ids, class indices ``(N,)`` and cells of a group column of a table (``.csv``, ``.jsonl``, …).

    Args:
        path: The table.
        id_col: Column of the ids; without one, the row number from 0.
        label_col: Column of the classes, which are numbered in sorted order.
        threshold: Take the column as numbers instead; class 1 is from so much on.
        group_col: Column that tells which rows must stay together.

    Raises:
        DataError: If a column is missing, an id occurs twice or a label is missing.
    """
    others = [name for name in (id_col, group_col) if name]
    if threshold is None:
        table = read_columns(path, [*others, label_col])
        missing = [row for row, cell in enumerate(table[label_col]) if not cell]
        labels = np.unique(np.asarray(table[label_col]), return_inverse=True)[1]
    else:
        table = read_columns(path, others, [label_col])
        missing = np.flatnonzero(np.isnan(table[label_col]))
        labels = (table[label_col] >= threshold).astype(np.int64)
    if len(missing):
        raise DataError(f'{path}: {len(missing)} rows have no `{label_col}`: rows {shorten(missing)}. Fill them.')
    ids = table[id_col] if id_col else [str(row) for row in range(len(labels))]
    check_ids(ids, str(path))
    return ids, labels, table[group_col] if group_col else None


def groups_by_text(texts: Sequence[str]) -> list[str]:
    """The same group for texts that differ in white space and case only."""
    return [hashlib.blake2b(' '.join(text.casefold().split()).encode('utf-8', 'replace'), digest_size=12).hexdigest()
            for text in texts]


def rare_classes(labels: np.ndarray, fold: np.ndarray) -> tuple[int, int]:
    """How many classes are not validated in every fold, and how many are missing from some training part."""
    present = np.zeros((labels.max() + 1, fold.max() + 1), dtype=bool)
    present[labels, fold] = True
    folds_of_class = present.sum(axis=1)
    return int(((0 < folds_of_class) & (folds_of_class < present.shape[1])).sum()), int((folds_of_class == 1).sum())


def write_folds(folder: str | os.PathLike, paths: Sequence[str], labels: np.ndarray, fold: np.ndarray) -> None:
    """Write ``fold{i}/train.txt``, ``fold{i}/val.txt`` and ``folds.csv`` (path, label, fold)."""
    folder = Path(folder)
    for i in range(fold.max() + 1):
        for name, part in (('train', fold != i), ('val', fold == i)):
            write_list(folder / f'fold{i}' / f'{name}.txt', [paths[r] for r in np.flatnonzero(part)], labels[part])
    with atomic_open(folder / 'folds.csv', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(('path', 'label', 'fold'))
        writer.writerows(zip(paths, labels.tolist(), fold.tolist(), strict=True))


def _check(folds: int, number: int, of: str) -> None:
    if not 2 <= folds <= number:
        raise ConfigError(fault('split_folds', 'folds', f'from 2 to {number}, the number of {of}', folds,
                                'Correct it.'))
