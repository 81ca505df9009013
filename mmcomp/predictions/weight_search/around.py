"""Trying weights near others: only rows that can change are worked out again.

Near weights are ``scale`` times the weights at hand plus some weight of a few
members, which may be negative.
"""
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mmcomp.predictions.weight_search.candidates import Candidates
    from mmcomp.predictions.weight_search.columns import Column

SLACK = 1e-6  # far above what rounding does to a lead


class PlainAround:
    """All rows are worked out again."""

    def __init__(self, scores: 'Candidates | Column', raw: np.ndarray):
        self._scores, self._raw = scores, raw

    def outcome(self, scale: float, added: Mapping[int, float]) -> np.ndarray:
        """What the metric looks at, ``(N,)``, under ``scale`` times the weights plus those of members."""
        return self._scores.outcome(mixed(self._raw, self._scores.values, scale, added))


class Around:
    """Rows whose label has a safe lead are left as they are.

    With positive weight a member takes from the lead of the label at most what
    the label is behind the highest class in that member; with negative weight,
    at most what it is ahead of the lowest. Where only hits count and the label
    is wrong, the lead over the true class is what matters.
    """

    def __init__(self, scores: 'Candidates', raw: np.ndarray):
        self._scores, self._raw = scores, raw
        self._top = scores.top(raw)
        self._outcome = scores.settled.copy()
        self._outcome[scores.rows] = scores.columns[self._top]
        others = raw.copy()
        others[self._top] = -np.inf
        self._lead = raw[self._top] - scores.highest(others)
        self._wrong = None
        if scores.looks_at == 'hit':
            self._wrong = self._top != scores.target
            self._lead = np.where(self._wrong, raw[self._top] - raw[scores.target], self._lead)
        self._size = np.abs(raw[self._top])

    def outcome(self, scale: float, added: Mapping[int, float]) -> np.ndarray:
        """Labels ``(N,)`` under ``scale`` times the weights plus those of members."""
        slack = SLACK * self._size
        spread = sum(abs(weight) * self._scores.spread[member] for member, weight in added.items())
        rows = np.flatnonzero(scale * self._lead <= spread + slack)
        if len(rows):  # few, so that looking closer is cheap
            loss = sum(abs(weight) * self._loss(rows, member, weight > 0) for member, weight in added.items())
            rows = rows[scale * self._lead[rows] <= loss + slack[rows]]
        outcome = self._outcome.copy()
        if len(rows):
            outcome[self._scores.rows[rows]] = self._labels(rows, scale, added)
        return outcome

    def _loss(self, rows: np.ndarray, member: int, positive: bool) -> np.ndarray:
        """Lead that a unit of the member takes at most from the rows; at most what its scores in them span."""
        values = self._scores.values[member]
        own, rival = values[self._top[rows]], self._scores.ends[int(positive)][member][rows]
        if self._wrong is not None:
            rival = np.where(self._wrong[rows], values[self._scores.target[rows]], rival)
        return rival - own if positive else own - rival

    def _labels(self, rows: np.ndarray, scale: float, added: Mapping[int, float]) -> np.ndarray:
        count = self._scores.count[rows]
        first = np.cumsum(count) - count
        row = np.repeat(np.arange(len(rows)), count)
        entries = self._scores.starts[np.arange(len(row)) - first[row]] + rows[row]
        near = mixed(self._raw[entries], self._scores.values, scale, added, entries)
        at_top = np.flatnonzero(near == np.maximum.reduceat(near, first)[row])[::-1]
        labels = np.empty(len(rows), dtype=self._scores.columns.dtype)
        labels[row[at_top]] = self._scores.columns[entries[at_top]]  # the first of equals comes last and stays
        return labels


def mixed(raw: np.ndarray, values: np.ndarray, scale: float, added: Mapping[int, float],
          entries: np.ndarray | None = None) -> np.ndarray:
    """``scale * raw`` plus weighted members, in float64 and in this order."""
    total = scale * raw
    for member, weight in added.items():
        row = values[member] if entries is None else values[member][entries]
        total += np.multiply(row, weight, dtype=np.float64)
    return total


def weighted_sum(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """``weights @ values`` in float64, each column added up in the same order whatever the others are."""
    total = np.zeros(values.shape[1])
    for row, weight in zip(values, weights, strict=True):
        if weight:
            total += np.multiply(row, weight, dtype=np.float64)
    return total
