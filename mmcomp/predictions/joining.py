"""Joining rows of different tables by sample id."""
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from mmcomp.errors import TableError, shorten


def base_names(ids: Sequence[str]) -> np.ndarray:
    """``a/b.jpg`` → ``b.jpg`` for every id."""
    return np.array([PurePosixPath(i).name for i in ids], dtype=np.str_)


def find_rows(wanted: Sequence[str], have: Sequence[str]) -> np.ndarray:
    """Row of each wanted id in ``have``, or -1."""
    row_of = {name: row for row, name in enumerate(have)}
    return np.array([row_of.get(name, -1) for name in wanted], dtype=np.int64)


def match_rows(wanted: Sequence[str], have: Sequence[str], where: str) -> np.ndarray:
    """Rows of ``have`` in the order of ``wanted``.

    Whole ids are compared; if they do not cover ``wanted``, base names are
    tried, but only when they are unique on both sides, since ``a/1.jpg`` and
    ``b/1.jpg`` are different samples.

    Args:
        wanted: Ids to find, ``(N,)``.
        have: Ids to look in, ``(M,)``, M >= N.
        where: The file that ``have`` came from, for the error.

    Returns:
        ``(N,)`` integers.

    Raises:
        TableError: If an id is missing.
    """
    rows = find_rows(wanted, have)
    if (rows >= 0).all():
        return rows
    short_wanted, short_have = base_names(wanted), base_names(have)
    unique = len(set(short_wanted)) == len(short_wanted) and len(set(short_have)) == len(short_have)
    if unique:
        by_name = find_rows(short_wanted, short_have)
        if (by_name >= 0).all():
            return by_name
        rows = np.maximum(rows, by_name)
    missing = np.asarray(wanted)[rows < 0]
    hint = '' if unique else ' File names alone are not unique here, so whole ids must agree.'
    raise TableError(f'{where}: {len(missing)} of {len(wanted)} ids are not in it: {shorten(missing)}.{hint} '
                     'Predict the missing samples, or join tables of the same data set.')
