"""Scores that a table carries with it, instead of in its file name."""
import math
import os
from dataclasses import replace
from pathlib import Path

from mmcomp.errors import TableError, fault
from mmcomp.predictions.formats.headers import open_table, read_header
from mmcomp.predictions.tables import read_table, write_table


def record_score(path: str | os.PathLike, score: float, metric: str = 'leaderboard',
                 out: str | os.PathLike | None = None) -> float | None:
    """Store ``origin['<metric>_score']`` in a table file.

    Args:
        path: The table.
        score: A positive number.
        metric: ``leaderboard`` or ``val``.
        out: Write here instead of over ``path``.

    Returns:
        The score it had before, or None.

    Raises:
        TableError: If the file is of an older form, which can hold no score,
            and ``out`` is not given.
    """
    if not (math.isfinite(score) and score > 0):
        raise TableError(fault(path, f'{metric} score', 'a positive number', score, 'Correct it.'))
    if out is not None and Path(out).suffix == '.csv':
        raise TableError(fault('record_score', '--out', 'a form that can hold a score', str(out), 'Write a `.pkl`.'))
    if out is None and 'kind' not in read_header(path):
        raise TableError(f'{path}: a file of this older form can hold no score. Give a new name with `--out NEW.pkl`.')
    header, key = read_header(path), f'{metric}_score'
    table = open_table(path) if 'top' in header else read_table(path)
    write_table(replace(table, origin={**table.origin, key: float(score)}), out or path)
    return table.origin.get(key)
