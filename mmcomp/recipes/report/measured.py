"""Leaderboard and headline by the metric that a recipe's scores name, where it is not accuracy."""
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmcomp.annotations import read_list
from mmcomp.errors import MMCompError
from mmcomp.metrics.by_name import Metric, find_metric
from mmcomp.recipes.ladder import DRAWS, looked_at
from mmcomp.recipes.report.results import Entry, Results
from mmcomp.recipes.report.work import Item, Work


@dataclass(frozen=True)
class Judge:
    """What a score judges by: a metric, a column, and known classes or codes of samples."""
    item: Item
    metric: Metric
    column: str | None
    ids: list[str]
    truth: np.ndarray

    def outcome(self, item: Item, ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray] | None:
        """What the metric looks at in an instance's table ``(n,)``, and the truth, of some samples."""
        from mmcomp.predictions.formats.headers import open_table
        from mmcomp.predictions.joining import find_rows
        path = item.first('table')
        if path is None:
            return None
        table, at = open_table(path), find_rows(ids, self.ids)
        rows = find_rows(ids, table.ids)
        if not len(rows) or (rows < 0).any() or (at < 0).any():
            return None
        truth = self.truth[at]
        return looked_at(table.take(rows), truth, self.metric, self.column), truth

    def score(self, parts: Sequence[tuple[np.ndarray, np.ndarray]], note: str = '') -> dict[str, Any] | None:
        """The value of samples put together, with a bootstrap interval."""
        if not parts:
            return None
        outcome, truth = (np.concatenate(part) for part in zip(*parts, strict=True))
        rng, count = np.random.default_rng(0), len(truth)
        draws = (rng.integers(0, count, count) for _ in range(DRAWS))
        low, high = np.nanquantile([self.metric.value(outcome[rows], truth[rows]) for rows in draws], (.025, .975))
        return dict(value=float(self.metric.value(outcome, truth)), low=float(low), high=float(high), samples=count,
                    note=note)


def judges(work: Work) -> list[Judge]:
    """Those of all scores that have another metric than accuracy, in the order of the plan."""
    found = []
    for item in work.items.values():
        name = item.settings.get('metric', 'accuracy')
        if item.type != 'Score' or name == 'accuracy' or (path := work.path_of(item.settings.get('truth'))) is None:
            continue
        try:
            found.append(Judge(item, find_metric(name), item.settings.get('column'), *read_list(path)))
        except (MMCompError, OSError) as error:
            work.note(error)
    return found


def board(work: Work, results: Results, of: Sequence[Judge]) -> list[dict[str, Any]]:
    """Rows as :meth:`Results.board` gives them, the best first."""
    rows = []
    for entry in results.entries():
        try:
            row = _row(results, entry, of)
        except (MMCompError, OSError) as error:
            work.note(error)
            continue
        if any(row[key] for key in ('oof', 'val', 'test')):
            rows.append(row)

    def rank(row):
        return [row[key] is not None and of[-1].metric.sign * row[key]['value'] for key in ('test', 'oof', 'val')]
    return sorted(rows, key=rank, reverse=True)


def _row(results: Results, entry: Entry, of: Sequence[Judge]) -> dict[str, Any]:
    held = [(item, lists[0]) for split, item in entry.held.items() if (lists := results.listed(f'@{split}.val'))]
    note = '' if len(entry.held) == entry.folds else f'{len(entry.held)} of {entry.folds} folds'
    stages = sorted({item.base for item in [*entry.held.values(), *entry.val, *entry.test]})
    scores = dict(oof=_first(of, [[pair] for pair in held], note, pooled=True), val=None)
    tests = [[(item, judge.ids)] for item in entry.test for judge in of]
    scores['test'] = _first(of, tests, '', pooled=False)
    return dict(name=entry.name, kind=entry.kind, stages=stages, **scores)


def _first(of: Sequence[Judge], wanted: Sequence[Sequence[tuple[Item, Sequence[str]]]], note: str,
           pooled: bool) -> dict[str, Any] | None:
    """The score by the first judge who knows the samples; of all of them pooled, or of the first."""
    for judge in of:
        parts = [part for pairs in wanted for item, ids in pairs if (part := judge.outcome(item, ids)) is not None]
        if parts:
            return judge.score(parts if pooled else parts[:1], note)
    return None


def headline(work: Work, of: Sequence[Judge]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """``final`` and ``gain`` over the first step of the last score that is done."""
    from mmcomp.predictions.weight_search.intervals import paired_gain
    judge = next((judge for judge in reversed(of) if judge.item.state == 'done'), None)
    if judge is None:
        return None, None
    steps = [(name, pair[0]) for name, leaf in judge.item.settings.get('steps', {}).items()
             if (pair := work.of(leaf)) is not None]
    found = [(name, part[0]) for name, item in steps if (part := judge.outcome(item, judge.ids)) is not None]
    if not found or found[-1][0] != steps[-1][0]:
        return None, None
    (first, before), (last, after) = found[0], found[-1]
    final = dict(judge.score([(after, judge.truth)]), name=last)
    if len(found) < 2:
        return final, None
    gain = paired_gain(judge.metric, after, before, judge.truth, draws=DRAWS)
    return final, dict(value=gain.value, low=gain.low, high=gain.high, over=first)
