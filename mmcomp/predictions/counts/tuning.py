"""Which re-distribution helps, found on labelled predictions and judged by nested validation.

The labelled predictions are cut into folds that keep the counts of the classes
in proportion. Every way is tried on each fold as if that were a test set.
For each fold the way that did best on the others is taken, so the gain over
plain top scores is one on samples that had no say in the choice.
"""
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mmcomp.errors import ConfigError, fault
from mmcomp.metrics.bootstrap import bootstrap_interval
from mmcomp.predictions.counts.redistribution import Redistribution, redistribution
from mmcomp.predictions.labels.folds import stratified_folds
from mmcomp.predictions.progress import silent
from mmcomp.structures import PredictionTable

FOLDS, PER_CLASS = 5, 3  # folds, unless that leaves fewer samples a class in each
UNEVEN = 3.  # dispersion of counts that chance does not explain


@dataclass(frozen=True)
class Way:
    """A method with its setting; counts are relative to N / C, so that it fits tables of any length.

    Args:
        method: One of :data:`mmcomp.predictions.counts.redistribution.METHODS`.
        strength: Of ``sinkhorn`` and ``prior``.
        width: Of ``assignment``: counts may differ by this part of N / C.
        part: Of ``greedy``: K is this part of N / C.
    """
    method: str
    strength: float | str | None = None
    width: float | None = None
    part: float | None = None

    def __str__(self):
        setting = [f'{text} {value}' for text, value in (
            ('--strength', self.strength), ('K / (N / C)', self.part), ('bounds ±', self.width)) if value is not None]
        return ' '.join([self.method, *setting])

    def apply(self, table: PredictionTable, track: Callable = silent) -> Redistribution:
        """New labels of a table."""
        mean = len(table) / table.scores.shape[1]
        floor = None if self.part is None else max(1, int(self.part * mean))
        counts = None if self.width is None else (int(mean * (1 - self.width)), int(np.ceil(mean * (1 + self.width))))
        return redistribution(table, self.method, floor, counts, self.strength, track=track)


WAYS = (Way('argmax'), *(Way('sinkhorn', s) for s in (.25, .5, .75, 1., 'auto')),
        *(Way('assignment', width=w) for w in (0., .1, .25, .5)),
        *(Way('greedy', part=p) for p in (.6, .75, .9)), *(Way('prior', s) for s in (.5, 1.)))


@dataclass(frozen=True)
class Tuning:
    """What labelled predictions say.

    Args:
        ways: That were tried, ``argmax`` first.
        accuracies: Of each, over all folds.
        best: The most accurate.
        gain: Of nested validation over top scores, a difference of accuracies.
        interval: 95 % of the gain.
        picks: What was taken for each fold.
        number: Labelled samples.
        widest: Most and fewest labelled samples of a class.
        dispersion: Variance of those counts over their mean; about 1 by chance alone.
    """
    ways: tuple[Way, ...]
    accuracies: tuple[float, ...]
    best: Way
    gain: float
    interval: tuple[float, float]
    picks: tuple[Way, ...]
    number: int
    widest: tuple[int, int]
    dispersion: float

    @property
    def chosen(self) -> Way:
        """The best way; top scores where its gain is within the noise."""
        return self.best if self.interval[0] > 0 else self.ways[0]

    def words(self) -> list[str]:
        """What a user should read, a sentence a line."""
        order = np.argsort(-np.array(self.accuracies), kind='stable')[:4]
        tried = ', '.join(f'{self.ways[i]} {100 * self.accuracies[i]:.2f}' for i in order)
        low, high = (100 * end for end in self.interval)
        gain = f'{100 * self.gain:+.2f} points over top scores ({low:+.2f} to {high:+.2f}, 95 %)'
        end = (f'taken: {self.chosen}' if self.chosen.method != 'argmax' else
               'that is within the noise, so top scores stay as they are; label more samples, or pass --method')
        lines = [f'tuned on {self.number} labelled samples, accuracy: {tried}; argmax {100 * self.accuracies[0]:.2f}',
                 f'nested validation: {gain}: {end}']
        if self.dispersion > UNEVEN:
            lines.append(f'labelled samples a class: {self.widest[1]} to {self.widest[0]}; this speaks for a test set '
                         'that is as uneven. For an even one, tune on an even part of them')
        return lines


def tune(table: PredictionTable, truth: np.ndarray, ways: Sequence[Way] = WAYS, folds: int | None = None,
         seed: int = 0, track: Callable = silent) -> Tuning:
    """Try ``ways`` on labelled predictions.

    Args:
        table: Of samples that the models did not train on, with counts in
            proportion to those of the test set.
        truth: Their columns, ``(N,)``.
        ways: To try; plain top scores are added where they are missing.
        folds: By default 5, fewer where that leaves under three samples a class in each.
        seed: Of the folds.
        track: Wraps the loop over folds, to show progress.

    Raises:
        ConfigError: If there are too few samples for two folds.
    """
    ways = (WAYS[0], *(way for way in ways if way != WAYS[0]))
    samples, classes = table.scores.shape
    folds = folds or int(np.clip(samples / classes / PER_CLASS, 2, FOLDS))
    if samples < folds * classes:
        raise ConfigError(fault('tune', 'labelled samples', f'at least {folds * classes}, one of {classes} classes a '
                                f'fold of {folds}', samples, 'Label more, or choose a method yourself.'))
    fold = stratified_folds(truth, folds, seed)
    right = np.empty((len(ways), samples), dtype=bool)
    for held in track(range(folds), 'tuning'):
        rows = np.flatnonzero(fold == held)
        part = table.take(rows)
        for i, way in enumerate(ways):
            right[i, rows] = way.apply(part).labels == truth[rows]
    picks = [int(right[:, fold != held].mean(axis=1).argmax()) for held in range(folds)]
    nested = np.empty(samples)
    for held, pick in enumerate(picks):
        at = fold == held
        nested[at] = right[pick, at].astype(float) - right[0, at]
    counts = np.bincount(truth, minlength=classes)
    accuracies = right.mean(axis=1)
    return Tuning(ways, tuple(map(float, accuracies)), ways[int(accuracies.argmax())], float(nested.mean()),
                  bootstrap_interval(nested), tuple(ways[p] for p in picks), samples,
                  (int(counts.max()), int(counts.min())), float(counts.var() / counts.mean()))
