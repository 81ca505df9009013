"""What each step of a road adds, measured against held-back truth."""
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.annotations import read_list
from mmcomp.files import atomic_open
from mmcomp.metrics.accuracy import accuracy, accuracy_error, paired_difference


@dataclass(frozen=True)
class Rung:
    """A step's accuracy and what it gains over the step it is compared with.

    ``error`` is the standard error of ``accuracy`` over samples; ``gain_error``
    that of ``gain``, over the same samples, pair by pair; ``over`` the step it is compared with.
    """
    name: str
    accuracy: float
    error: float
    gain: float | None = None
    gain_error: float | None = None
    over: str | None = None


class Ladder:
    """Rungs in the order of the road.

    Args:
        truth: Annotation list with the true classes of the test images.
        classes: Class names in label order.
    """

    def __init__(self, truth: Path, classes: Sequence[str]):
        self.ids, self.truth = read_list(truth)
        self.classes = list(classes)
        self.rungs: list[Rung] = []
        self.labels: dict[str, np.ndarray] = {}

    def add(self, name: str, result: Path, over: str | None = None) -> float:
        """Score a table (not a ``.csv``) or labels (``.csv``); the gain is over rung ``over``, or the last one."""
        labels = self.read(result)
        value = accuracy(labels, self.truth)
        over = over or (self.rungs[-1].name if self.rungs else None)
        paired = paired_difference(labels, self.labels[over], self.truth) if over else (None, None)
        self.labels[name] = labels
        self.rungs.append(Rung(name, value, accuracy_error(value, len(labels)), *paired, over))
        return value

    def read(self, result: Path) -> np.ndarray:
        """Class indices of a result in the order of the truth."""
        from mmcomp.predictions.joining import find_rows, match_rows
        from mmcomp.predictions.label_files import read_labels
        from mmcomp.predictions.tables import read_table
        if result.suffix != '.csv':
            table = read_table(result)
            ids, labels = table.ids, table.labels()
        else:
            ids, names = read_labels(result)
            labels = find_rows(names, self.classes)
        return labels[match_rows(self.ids, ids, str(result))]


def ladder_rows(rungs: Sequence[Rung]) -> list[tuple[str, str, str]]:
    """``(step, accuracy ± error, gain ± error)`` in percent, as text."""
    def percent(value: float | None, error: float | None, sign: str = '') -> str:
        return '' if value is None else f'{100 * value:{sign}.1f} ± {100 * error:.1f}'
    return [(r.name, percent(r.accuracy, r.error), percent(r.gain, r.gain_error, '+')) for r in rungs]


def write_ladder(path: Path, rungs: Sequence[Rung]) -> None:
    """Write the rungs as a Markdown table."""
    lines = ['| after this step | accuracy, % | gain |', '|---|---|---|',
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
