"""Prediction table files: ours, and the older forms people hold.

Ours is a ``.pkl`` of one plain dict of numpy arrays and builtins, so that
``pickle.load`` opens it where mmcomp is not installed::

    {'format': 'mmcomp.table', 'version': 1, 'ids': (N,) str, 'scores': (N, C)
     float32 or float16, 'kind': 'probability', 'classes': [str, ...] or None,
     'origin': {...}}
"""
import os
import pickle
from pathlib import Path

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.files import atomic_open
from mmcomp.predictions.safe_pickle import load_pickle
from mmcomp.structures.prediction_table import SUM_TOLERANCE, PredictionTable

FORMAT, VERSION = 'mmcomp.table', 1


def write_table(table: PredictionTable, path: str | os.PathLike) -> None:
    """Write a table as ``.pkl``, whole or not at all.

    Raises:
        TableError: If the file name does not end in ``.pkl``.
    """
    if Path(path).suffix != '.pkl':
        raise TableError(fault(path, 'suffix', '`.pkl`', Path(path).suffix, 'Rename the output.'))
    origin = {k: v for k, v in table.origin.items() if k != 'file'}
    content = dict(format=FORMAT, version=VERSION, ids=table.ids, scores=np.ascontiguousarray(table.scores),
                   kind=table.kind, classes=list(table.classes) if table.classes else None, origin=origin)
    with atomic_open(path, 'wb') as file:
        pickle.dump(content, file, protocol=5)


def read_table(path: str | os.PathLike) -> PredictionTable:
    """Read a table of any form that is known here.

    Besides our own: the list of dicts with ``filename`` and ``scores``, the
    list of ``(filename, class, scores)`` and the dict ``{filename: scores}``
    of the published fine-grained system, and the list that mmpretrain's
    ``tools/test.py --out`` writes. Only numbers are unpickled; see
    :mod:`mmcomp.predictions.safe_pickle`.

    Raises:
        TableError: If the file is missing, torn, unsafe or of no known form.
    """
    content = load_pickle(path)
    if isinstance(content, dict) and content.get('format') == FORMAT:
        return _read_ours(content, path)
    rows = _legacy_rows(content)
    if not rows:
        raise TableError(
            f'{path}: no prediction table of a known form (it holds a {type(content).__name__}). '
            'Known are mmcomp tables, lists of dicts or tuples with scores, and dicts of scores.')
    return _from_rows(rows, path)


def _read_ours(content: dict, path: str | os.PathLike) -> PredictionTable:
    if content['version'] > VERSION:
        raise TableError(fault(path, 'version', f'at most {VERSION}', content['version'], 'Upgrade mmcomp.'))
    missing = {'ids', 'scores', 'kind'} - content.keys()
    if missing:
        raise TableError(f'{path}: the table lacks {shorten(sorted(missing))}. Write it again.')
    origin = {**content.get('origin', {}), 'file': str(path)}
    return PredictionTable(content['ids'], content['scores'], content['kind'], content.get('classes'), origin)


def _legacy_rows(content: object) -> list[tuple[str, object, object]]:
    """``(id, scores, class name or None)`` of every row of an old form, or nothing."""
    if isinstance(content, dict):
        return [(k, v, None) for k, v in content.items() if isinstance(k, str) and np.ndim(v) == 1]
    if not isinstance(content, (list, tuple)) or not content:
        return []
    if all(isinstance(row, (list, tuple)) and len(row) == 3 for row in content):
        return [(name, scores, label) for name, label, scores in content]
    if all(isinstance(row, dict) and {'filename', 'scores'} <= row.keys() for row in content):
        return [(row['filename'], row['scores'], row.get('pred_class')) for row in content]
    if all(isinstance(row, dict) and {'img_path', 'pred_score'} <= row.keys() for row in content):
        return [(row['img_path'], row['pred_score'], None) for row in content]
    return []


def _from_rows(rows: list, path: str | os.PathLike) -> PredictionTable:
    widths = {len(scores) for _, scores, _ in rows}
    if len(widths) > 1:
        raise TableError(fault(path, 'scores', 'of one length in all rows', sorted(widths),
                               'The file mixes models with different class lists; split it.'))
    ids, seen = [], {}
    for name, scores, _ in rows:
        name = str(name)
        if name in seen and not np.array_equal(np.asarray(scores), np.asarray(rows[seen[name]][1])):
            raise TableError(fault(path, 'ids', 'unique', name, 'It has two different rows; keep the right one.'))
        seen.setdefault(name, len(ids))
        ids.append(name)
    # Padded distributed samplers left equal duplicates in old files; the first of each is kept.
    keep = sorted(seen[name] for name in seen)
    scores = np.stack([np.asarray(rows[i][1], dtype=np.float32) for i in keep])
    sums = scores.sum(axis=1)
    is_probability = bool((abs(sums - 1) < SUM_TOLERANCE['float32']).all() and (scores >= 0).all())
    return PredictionTable([ids[i] for i in keep], scores, 'probability' if is_probability else 'value',
                           _padded_classes(scores, [rows[i][2] for i in keep]), {'file': str(path)})


def _padded_classes(scores: np.ndarray, names: list) -> list[str] | None:
    """Class names of files that name the top class only: ``0042`` means column 42."""
    widths = {len(n) for n in names if isinstance(n, str)}
    if None in names or len(widths) != 1:
        return None
    width = widths.pop()
    padded = [f'{i:0{width}d}' for i in range(scores.shape[1])]
    same = all(padded[top] == name for top, name in zip(scores.argmax(axis=1), names))
    return padded if same else None
