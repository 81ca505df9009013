"""Evidence for metrics of labels and ranks: the scores of each row's possible classes."""
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mmcomp.predictions.weight_search.around import Around, PlainAround, weighted_sum


@dataclass(frozen=True)
class Candidates:
    """Scores of the possible classes of N rows.

    Rows with one possible class are settled. The others lie sorted by the
    number of their classes, the widest first, and their entries place by
    place: the first class of all R rows, the second class of the ``widths[1]``
    rows that have one, … so that numpy walks along rows and not within them.

    Args:
        values: ``(M, E)`` float32 scores of M members.
        columns: Class of each entry, ``(E,)``; rising within a row.
        position: Row of each entry, ``(E,)``, in 0…R-1.
        widths: Rows that have a first, second, … class.
        rows: Which of the N rows the R sorted ones are.
        settled: ``(N,)`` outcomes of the settled rows; of others any.
        truth: ``(N,)`` true classes.
        looks_at: ``label``, ``hit`` (a wrong label is as bad as any other; each sorted row has its true class), or
            ``rank`` (whether the true class is among the ``k`` highest).
        k: For ranks.
    """
    values: np.ndarray
    columns: np.ndarray
    position: np.ndarray
    widths: np.ndarray
    rows: np.ndarray
    settled: np.ndarray
    truth: np.ndarray
    looks_at: str = 'label'
    k: int = 1

    def __len__(self) -> int:
        return len(self.settled)

    @property
    def members(self) -> int:
        """M."""
        return len(self.values)

    def combine(self, weights: np.ndarray) -> np.ndarray:
        """Weighted sums of the entries, ``(E,)`` float64, members added in order."""
        return weighted_sum(self.values, weights)

    def outcome(self, raw: np.ndarray) -> np.ndarray:
        """Labels ``(N,)`` of summed entries ``(E,)``; the first of equals. For ranks: whether the truth is inside."""
        outcome = self.settled.copy()
        outcome[self.rows] = self._inside(raw) if self.looks_at == 'rank' else self.columns[self.top(raw)]
        return outcome

    def around(self, raw: np.ndarray) -> 'Around':
        """To try weights near those of the sums ``(E,)``."""
        return PlainAround(self, raw) if self.looks_at == 'rank' else Around(self, raw)

    def take(self, mask: np.ndarray) -> 'Candidates':
        """The evidence of the rows in ``mask`` ``(N,)``."""
        keep = mask[self.rows]
        entries, before = np.flatnonzero(keep[self.position]), np.cumsum(keep)
        widths = before[self.widths - 1] if len(self.widths) else self.widths
        return Candidates(np.ascontiguousarray(self.values[:, entries]), self.columns[entries],
                          (before - 1)[self.position[entries]], widths[widths > 0],
                          (np.cumsum(mask) - 1)[self.rows[keep]], self.settled[mask],
                          self.truth[mask], self.looks_at, self.k)

    def select(self, members: np.ndarray) -> 'Candidates':
        """The evidence for some of the members."""
        return replace(self, values=self.values[members])

    def places(self) -> Iterator[tuple[slice, int]]:
        """Entries of each place, and how many rows have it."""
        for start, width in zip(self.starts.tolist(), self.widths.tolist(), strict=True):
            yield slice(start, start + width), width

    def top(self, raw: np.ndarray) -> np.ndarray:
        """Entry of the highest sum of each sorted row, ``(R,)``; the first of equals."""
        best = self.highest(raw)
        at_top = np.flatnonzero(raw == best[self.position])[::-1]
        entry = np.empty(len(self.rows), dtype=np.int64)
        entry[self.position[at_top]] = at_top  # from the last place to the first, which stays
        return entry

    def highest(self, raw: np.ndarray) -> np.ndarray:
        """The highest of each sorted row, ``(R,)``."""
        best = raw[:len(self.rows)].copy()
        for entries, width in self.places():
            np.maximum(best[:width], raw[entries], out=best[:width])
        return best

    @cached_property
    def starts(self) -> np.ndarray:
        """The first entry of each place."""
        return np.cumsum(self.widths) - self.widths

    @cached_property
    def count(self) -> np.ndarray:
        """Classes of each sorted row, ``(R,)``."""
        return np.bincount(self.position, minlength=len(self.rows))

    @cached_property
    def target(self) -> np.ndarray:
        """Entry of the true class of each sorted row that has it, ``(R,)``."""
        found = np.flatnonzero(self.columns == self.truth[self.rows][self.position])
        target = np.zeros(len(self.rows), dtype=np.int64)
        target[self.position[found]] = found
        return target

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest score in each member of each sorted row, ``(M, R)`` each."""
        high = np.array([self.highest(row) for row in self.values])
        return np.array([-self.highest(-row) for row in self.values]), high

    @cached_property
    def spread(self) -> np.ndarray:
        """How far the scores of each sorted row reach in each member, ``(M, R)``."""
        return self.ends[1] - self.ends[0]

    def _inside(self, raw: np.ndarray) -> np.ndarray:
        truth, ahead = self.truth[self.rows], np.zeros(len(self.rows), dtype=np.int32)
        own, found = np.zeros(len(self.rows)), np.zeros(len(self.rows), dtype=bool)
        for entries, width in self.places():
            mine = self.columns[entries] == truth[:width]
            np.copyto(own[:width], raw[entries], where=mine)
            found[:width] |= mine
        for entries, width in self.places():
            scores, earlier = raw[entries], self.columns[entries] < truth[:width]
            ahead[:width] += (scores > own[:width]) | ((scores == own[:width]) & earlier)
        return found & (ahead < self.k)


def arrange(rows: np.ndarray, columns: np.ndarray, values: np.ndarray, truth: np.ndarray, metric) -> Candidates:
    """:class:`Candidates` of entries that are sorted by row and column.

    Args:
        rows: Row of each entry, ``(E,)``; each of 0…N-1 has one at least.
        columns: Class of each entry, ``(E,)``.
        values: ``(M, E)`` float32.
        truth: ``(N,)`` true classes.
        metric: A :class:`mmcomp.metrics.by_name.Metric` that looks at labels or ranks.
    """
    count = np.bincount(rows, minlength=len(truth))
    first = np.cumsum(count) - count
    is_rank = metric.looks_at == 'rank'
    settled = columns[first] == truth if is_rank else columns[first]
    sorted_rows = np.argsort(-count, kind='stable')[:int((count > 1).sum())]
    place_in = np.full(len(truth), -1)
    place_in[sorted_rows] = np.arange(len(sorted_rows))
    place = np.arange(len(rows)) - first[rows]
    inside = count[rows] > 1
    widths = np.bincount(place[inside])
    starts = np.cumsum(widths) - widths
    target = starts[place[inside]] + place_in[rows[inside]]
    order = np.empty(len(target), dtype=np.int64)
    order[target] = np.flatnonzero(inside)
    return Candidates(values[:, order], columns[order], place_in[rows[order]], widths, sorted_rows, settled,
                      truth, 'hit' if metric.hits_only else metric.looks_at, metric.k)
