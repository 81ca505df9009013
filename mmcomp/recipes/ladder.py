"""What each step of a road adds, measured against held-back truth."""
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.annotations import read_list
from mmcomp.errors import TableError
from mmcomp.files import atomic_open
from mmcomp.metrics.accuracy import accuracy_error, paired_difference
from mmcomp.metrics.by_name import Metric, find_metric
from mmcomp.structures.prediction_table import PredictionTable

DRAWS = 200  # of the bootstrap of metrics that are no mean over samples


@dataclass(frozen=True)
class Rung:
    """A step's accuracy, or the value of another ``metric``, and what it gains over the step it is compared with.

    ``error`` is the standard error of ``accuracy`` over samples; ``gain_error``
    that of ``gain``, over the same samples, pair by pair; ``over`` the step it is compared with.
    """
    name: str
    accuracy: float
    error: float
    gain: float | None = None
    gain_error: float | None = None
    over: str | None = None
    metric: str = 'accuracy'


class Ladder:
    """Rungs in the order of the road.

    Args:
        truth: Annotation list with the true classes of the test images; for a metric of groups with the codes of
            :func:`mmcomp.metrics.bias_auc.coded_groups`.
        classes: Class names in label order, for label files.
        metric: By name; see :mod:`mmcomp.metrics.by_name`.
        column: Class or task whose scores a metric of one score takes; by default the only one, or the second of two.
    """

    def __init__(self, truth: Path, classes: Sequence[str] = (), metric: str = 'accuracy', column: str | None = None):
        self.ids, self.truth = read_list(truth)
        self.classes, self.metric, self.column = list(classes), find_metric(metric), column
        self.rungs: list[Rung] = []
        self.labels: dict[str, np.ndarray] = {}

    def keep(self, results: Iterable[Path]) -> None:
        """Judge by the samples that all of some tables have.

        Raises:
            TableError: If there is none.
        """
        from mmcomp.predictions.formats.headers import open_table
        from mmcomp.predictions.joining import find_rows
        rows = np.arange(len(self.ids))
        for result in results:
            rows = rows[find_rows([self.ids[row] for row in rows], open_table(result).ids) >= 0]
            if not len(rows):
                raise TableError(f'{result}: it shares no sample with the truth and the steps before. Leave it out.')
        self.ids, self.truth = [self.ids[row] for row in rows], self.truth[rows]

    def add(self, name: str, result: Path, over: str | None = None) -> float:
        """Score a table (not a ``.csv``) or labels (``.csv``); the gain is over rung ``over``, or the last one."""
        labels = self.read(result)
        value = self.metric.value(labels, self.truth)
        over = over or (self.rungs[-1].name if self.rungs else None)
        paired = self._gain(labels, self.labels[over]) if over else (None, None)
        self.labels[name] = labels
        self.rungs.append(Rung(name, value, self._error(labels, value), *paired, over, self.metric.name))
        return value

    def _error(self, labels: np.ndarray, value: float) -> float:
        """Standard error over samples, by a formula or by drawing them again."""
        if self.metric.name == 'accuracy':
            return accuracy_error(value, len(labels))
        rng, count = np.random.default_rng(0), len(labels)
        drawn = [self.metric.value(labels[rows], self.truth[rows])
                 for rows in (rng.integers(0, count, count) for _ in range(DRAWS))]
        return float(np.nanstd(drawn))

    def _gain(self, labels: np.ndarray, others: np.ndarray) -> tuple[float, float]:
        """How much better, losses being better when lower, and its standard error pair by pair."""
        if self.metric.name == 'accuracy':
            return paired_difference(labels, others, self.truth)
        from mmcomp.predictions.weight_search.intervals import paired_gain
        gain = paired_gain(self.metric, labels, others, self.truth, draws=DRAWS)
        return gain.value, (gain.high - gain.low) / (2 * 1.96)

    def read(self, result: Path) -> np.ndarray:
        """What the metric looks at, class indices for accuracy, in the order of the truth."""
        from mmcomp.predictions.joining import find_rows, match_rows
        from mmcomp.predictions.labels.label_files import read_labels
        from mmcomp.predictions.tables import read_table
        if self.metric.looks_at != 'label':
            table = read_table(result)
            return looked_at(table.take(match_rows(self.ids, table.ids, str(result))), self.truth, self.metric,
                             self.column)
        if result.suffix != '.csv':
            table = read_table(result)
            ids, labels = table.ids, table.labels()
        else:
            ids, names = read_labels(result)
            labels = find_rows(names, self.classes)
        return labels[match_rows(self.ids, ids, str(result))]


def looked_at(table: PredictionTable, truth: np.ndarray, metric: Metric, column: str | None = None) -> np.ndarray:
    """What a metric looks at in the scores of samples with known classes, ``(N,)``."""
    if metric.looks_at == 'label':
        return table.labels()
    if metric.looks_at == 'positive':
        from mmcomp.predictions.submissions.score_submission import score_column
        return np.asarray(score_column(table, column))
    own = table.scores[np.arange(len(truth)), truth]
    return own if metric.looks_at == 'true' else (table.scores > own[:, None]).sum(axis=1) < metric.k


def ladder_rows(rungs: Sequence[Rung]) -> list[tuple[str, str, str]]:
    """``(step, accuracy ± error, gain ± error)`` in percent, of other metrics as fractions, as text."""
    def shown(rung: Rung, value: float | None, error: float | None, sign: str = '') -> str:
        factor, digits = (100, 1) if rung.metric == 'accuracy' else (1, 4)
        return '' if value is None else f'{factor * value:{sign}.{digits}f} ± {factor * error:.{digits}f}'
    return [(r.name, shown(r, r.accuracy, r.error), shown(r, r.gain, r.gain_error, '+')) for r in rungs]


def write_ladder(path: Path, rungs: Sequence[Rung]) -> None:
    """Write the rungs as a Markdown table."""
    metric = rungs[0].metric if rungs else 'accuracy'
    lines = [f'| after this step | {metric}{", %" if metric == "accuracy" else ""} | gain |', '|---|---|---|',
             *(f'| {" | ".join(row)} |' for row in ladder_rows(rungs))]
    with atomic_open(path) as file:
        file.writelines(f'{line}\n' for line in lines)


def compare_seeds(seeds: Sequence[Sequence[Rung]]) -> str:
    """A Markdown table of mean and standard deviation over seeds; a step that
    did not come up in every seed is averaged over those where it did."""
    lines = ['| step | accuracy, % | gain, points | over |', '|---|---|---|---|']
    for first in seeds[0]:
        rungs = [rung for ladder in seeds for rung in ladder if rung.name == first.name]
        gains = [rung.gain for rung in rungs if rung.gain is not None]
        over = ' / '.join(dict.fromkeys(rung.over for rung in rungs if rung.over))
        lines.append(f'| {first.name} | {_mean([r.accuracy for r in rungs])} | {_mean(gains, "+")} | {over} |')
    return '\n'.join(lines) + '\n'


def _mean(values: Sequence[float], sign: str = '') -> str:
    """``12.3 ± 0.4``: mean and standard deviation, in percent."""
    if not values:
        return ''
    spread = f' ± {100 * np.std(values, ddof=1):.1f}' if len(values) > 1 else ''
    return f'{100 * np.mean(values):{sign}.1f}{spread}'
