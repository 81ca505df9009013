"""What differs between two tables, and what is in one."""
from dataclasses import dataclass, field

import numpy as np

from mmcomp.predictions.formats.table_stream import row_slices
from mmcomp.predictions.joining import find_rows
from mmcomp.structures.prediction_table import PredictionTable


@dataclass
class Difference:
    """Two tables beside each other.

    Args:
        kinds: Of both, where they differ.
        only_here: Ids of the first alone.
        only_there: Of the second alone.
        classes_here: Class names of the first alone.
        classes_there: Of the second alone.
        greatest: Greatest absolute difference of a score; infinite where NaN meets a number.
        where: Its id and class name.
        changed: Ids whose top class differs.
        rows: How many samples were compared.
        moved: Whether samples or classes have another order.
    """
    kinds: tuple[str, ...] = ()
    only_here: list[str] = field(default_factory=list)
    only_there: list[str] = field(default_factory=list)
    classes_here: list[str] = field(default_factory=list)
    classes_there: list[str] = field(default_factory=list)
    greatest: float = 0.
    where: tuple[str, str] = ('', '')
    changed: list[str] = field(default_factory=list)
    rows: int = 0
    moved: bool = False

    def same(self, tolerance: float = 0.) -> bool:
        """Whether nothing differs but scores by at most ``tolerance``; the order does not count."""
        names = (self.kinds, self.only_here, self.only_there, self.classes_here, self.classes_there)
        return not any(names) and self.greatest <= tolerance


def difference(here: PredictionTable, there: PredictionTable) -> Difference:
    """Compare two tables, joined by id and class name, a block of rows at a time."""
    found = Difference(kinds=(here.kind, there.kind) if here.kind != there.kind else ())
    both = here.classes is not None and there.classes is not None
    mine = here.class_names if both else tuple(map(str, range(here.scores.shape[1])))
    yours = there.class_names if both else tuple(map(str, range(there.scores.shape[1])))
    found.classes_here, found.classes_there = _only(mine, yours), _only(yours, mine)
    rows = find_rows(here.ids, there.ids)
    found.only_here = here.ids[rows < 0].tolist()
    found.only_there = _only(there.ids.tolist(), here.ids.tolist())
    columns = find_rows(mine, yours)
    shared = np.flatnonzero(columns >= 0)
    at = np.flatnonzero(rows >= 0)
    found.moved = bool((np.diff(rows[at]) < 0).any() or (np.diff(columns[shared]) < 0).any())
    found.rows = len(at)
    for block in row_slices(len(at), max(1, len(shared))) if len(shared) else ():
        _compare(found, here, there, at[block], rows[at[block]], shared, columns[shared], mine)
    return found


def _compare(found: Difference, here, there, mine: np.ndarray, yours: np.ndarray, own: np.ndarray, others: np.ndarray,
             names: tuple[str, ...]) -> None:
    first, second = _part(here, mine, own), _part(there, yours, others)
    with np.errstate(invalid='ignore', over='ignore'):
        gap = abs(first - second)
    gap[(first == second) | (np.isnan(first) & np.isnan(second))] = 0
    gap[np.isnan(gap)] = np.inf
    most = int(gap.argmax())
    if gap.flat[most] > found.greatest:
        found.greatest = float(gap.flat[most])
        found.where = (str(here.ids[mine[most // gap.shape[1]]]), names[own[most % gap.shape[1]]])
    # Of equal scores the first class counts, in the order of the first table.
    found.changed += here.ids[mine[first.argmax(axis=1) != second.argmax(axis=1)]].tolist()


def _part(table: PredictionTable, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    part = table.scores[rows]
    whole = len(columns) == part.shape[1] and (columns == np.arange(len(columns))).all()
    return np.asarray(part if whole else part[:, columns], dtype=np.result_type(part, np.float32))


def _only(names, others) -> list[str]:
    known = set(others)
    return [n for n in names if n not in known]


@dataclass
class Summary:
    """What the scores of a table are like: counts of NaN and infinity, range, sums of rows, samples by top class."""
    nan: int = 0
    infinite: int = 0
    low: float = np.inf
    high: float = -np.inf
    sums: tuple[float, float, float] = (np.inf, 0., -np.inf)
    confidence: float = 0.
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


def summary(table: PredictionTable) -> Summary:
    """Look at every score once, a block of rows at a time."""
    found = Summary(counts=np.zeros(table.scores.shape[1], np.int64))
    sums, tops = [], []
    for block in row_slices(*table.scores.shape):
        part = np.asarray(table.scores[block], dtype=np.float32)
        with np.errstate(invalid='ignore', over='ignore'):
            sums.append(part.sum(axis=1, dtype=np.float64))
        if not np.isfinite(sums[-1]).all():
            found.nan += int(np.isnan(part).sum())
            found.infinite += int(np.isinf(part).sum())
            part = np.where(np.isfinite(part), part, np.float32(0))
        tops.append(part.max(axis=1))
        found.low, found.high = min(found.low, float(part.min())), max(found.high, float(tops[-1].max()))
        found.counts += np.bincount(part.argmax(axis=1), minlength=len(found.counts))
    if sums:
        total = np.concatenate(sums)
        total = total[np.isfinite(total)]
        found.sums = tuple(float(f(total)) for f in (np.min, np.mean, np.max)) if len(total) else (np.nan, ) * 3
        found.confidence = float(np.concatenate(tops).mean())
    return found
