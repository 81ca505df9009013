"""Rare classes raised: probabilities times weights that fall with the number of training samples.

A model of a long tail says rare classes too seldom. Multiplying the
probability of class c by ``(k / n_c)^g + b`` mends that: 1 for large classes,
more for small ones. ``(N / n_c)^tau`` is logit adjustment after training (Menon
et al., 2021): ``log p_c - tau log(n_c / N)``. How much is right is found on
out-of-fold predictions, and left alone where the folds do not agree.
"""
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmcomp.errors import ConfigError, TableError, fault
from mmcomp.metrics.by_name import Metric, find_metric
from mmcomp.predictions.counts.prior_scaling import row_blocks
from mmcomp.predictions.labels.folds import stratified_folds
from mmcomp.predictions.progress import silent
from mmcomp.structures import PredictionTable


@dataclass(frozen=True)
class Boost:
    """How weights follow from counts.

    Args:
        k: Of ``(k / n_c)^g + b``; 0 changes nothing.
        g: How fast weights fall with the count.
        b: Weight of a class without end of samples.
        tau: Use ``(N / n_c)^tau`` instead.
        cap: The most that a class may weigh, as a multiple of the least weight.
        unseen: Weight of a class without samples: ``max``, that of the rarest, or ``one``.

    Raises:
        TableError: If weights would not be above zero, or rise with the count.
    """
    k: float = 10.
    g: float = 1.
    b: float = 1.
    tau: float | None = None
    cap: float | None = None
    unseen: str = 'max'

    def __post_init__(self):
        for name, value, least in (('k', self.k, 0), ('g', self.g, 0), ('b', self.b, 0), ('tau', self.tau, 0),
                                   ('cap', self.cap, 1)):
            if value is not None and not (np.isfinite(value) and value >= least):
                raise TableError(fault('boost', name, f'at least {least}', value, 'Correct it.'))
        if self.tau is None and self.k == self.b == 0:
            raise TableError(fault('boost', 'k, b', 'not both 0', (self.k, self.b), 'All weights would be zero.'))
        if self.unseen not in ('max', 'one'):
            raise TableError(fault('boost', 'unseen', '`max` or `one`', self.unseen, 'Correct it.'))

    def __str__(self):
        cap = f', cap {self.cap:g}' if self.cap else ''
        if self.tau is not None:
            return f'tau {self.tau:g}{cap}' if self.tau else 'unchanged'
        return f'k {self.k:g}, g {self.g:g}, b {self.b:g}{cap}' if self.k else 'unchanged'

    def weights(self, counts: np.ndarray) -> np.ndarray:
        """Of the classes, ``(C,)``; they never rise with the count.

        Raises:
            TableError: If a count is negative or all are zero.
        """
        counts = np.asarray(counts, dtype=float)
        seen = counts > 0
        if (counts < 0).any() or not seen.any():
            raise TableError(fault('boost', 'counts', 'from 0 up, one above 0', f'{counts.min():g} to {counts.max():g}',
                                   'Count the training samples of each class.'))
        weights = np.ones(len(counts))
        if self.tau is not None:
            weights[seen] = (counts.sum() / counts[seen])**self.tau
        elif self.k:
            weights[seen] = (self.k / counts[seen])**self.g + self.b
        else:
            return weights
        if self.unseen == 'max':
            weights[~seen] = weights[seen].max()
        return weights if self.cap is None else np.minimum(weights, self.cap * weights[seen].min())


UNCHANGED = Boost(k=0.)
BOOSTS = (UNCHANGED, *(Boost(k, g) for k in (1., 3., 10., 30., 100.) for g in (.5, 1., 2.)),
          *(Boost(tau=tau) for tau in (.1, .2, .35, .5, .75, 1.)))  # yapf: disable


def boosted(table: PredictionTable, weights: np.ndarray) -> PredictionTable:
    """A table whose probabilities are multiplied by weights ``(C,)``; rows sum to one again.

    Raises:
        TableError: If the table holds no probabilities: a factor on a negative
            logit would lower what it should raise.
    """
    _check(table)
    if len(weights) != table.scores.shape[1]:
        raise TableError(fault(table.name, 'weights', f'{table.scores.shape[1]}, one a class', len(weights),
                               'Count the classes of this table.'))
    scores, factors = np.empty(table.scores.shape, dtype=np.float32), np.asarray(weights, dtype=np.float32)
    for rows in row_blocks(table.scores):
        part = np.asarray(table.scores[rows], dtype=np.float32) * factors
        scores[rows] = part / part.sum(axis=1, keepdims=True)
    return replace(table, scores=scores, kind='probability')


def _check(table: PredictionTable) -> None:
    if table.kind != 'probability':
        raise TableError(fault(table.name, 'kind', 'probability, for a factor lowers a negative logit', table.kind,
                               'Predict probabilities, or convert with `mmcomp table convert`.'))
    table.check()


# ---------------------------------------------------------------- which one


@dataclass(frozen=True)
class TunedBoost:
    """What out-of-fold predictions say.

    Args:
        best: Of the ways tried, on all samples.
        chosen: The same, or none where folds disagree.
        metric: That was looked at.
        plain: Its value without any.
        value: Its value under ``best``; never worse.
        lifts: Of each fold under the way that did best on the others; positive is better.
        picks: These ways.
    """
    best: Boost
    chosen: Boost
    metric: Metric
    plain: float
    value: float
    lifts: tuple[float, ...]
    picks: tuple[Boost, ...]

    @property
    def refused(self) -> bool:
        """Whether there is a gain on all samples that the folds do not agree on."""
        return self.chosen != self.best

    def words(self) -> list[str]:
        """What a user should read, a sentence a line."""
        factor, unit = self.metric.scale
        lifts = ', '.join(f'{factor * lift:+.3f}' for lift in self.lifts)
        lines = [f'{self.metric.name} of out-of-fold predictions: {self.plain:.5f}; {self.best}: {self.value:.5f}',
                 f'lift of each fold{f" in{unit}" if unit else ""}, found on the others: {lifts}']
        if self.refused:
            lines.append('the folds disagree in sign, so probabilities stay as they are; pass a strength to insist')
        return lines


def tune_boost(table: PredictionTable, truth: np.ndarray, counts: np.ndarray | None = None,
               metric: Metric | str | Callable[[np.ndarray, np.ndarray], float] = 'macro_f1',
               boosts: Sequence[Boost] = BOOSTS, folds: int = 5, seed: int = 0,
               track: Callable = silent) -> TunedBoost:
    """The boost that does best on out-of-fold predictions, if every fold is the better for it.

    For each fold, the boost that did best on the others is taken, and compared
    there with none. If one fold loses, or none gains, nothing is boosted.

    Args:
        table: Probabilities of samples that their models did not train on.
        truth: Their columns, ``(N,)``.
        counts: Training samples of each class, ``(C,)``; by default those in ``truth``.
        metric: A metric, its name, or a function of predicted and true columns ``(N,)``
            that is higher for better, such as the mean over levels of a hierarchy.
        boosts: To try; none is added where it is missing.
        folds: Of the nested validation.
        seed: Of the folds.
        track: Wraps the loop over boosts, to show progress.
    """
    _check(table)
    metric = as_metric(metric)
    boosts = (UNCHANGED, *(boost for boost in boosts if boost != UNCHANGED))
    counts = np.bincount(truth, minlength=table.scores.shape[1]) if counts is None else counts
    outcomes = np.array([_outcome(table.scores, boost.weights(counts), truth, metric)
                         for boost in track(boosts, 'boosting classes')])
    fold = stratified_folds(truth, folds, seed)

    def values(rows: np.ndarray) -> np.ndarray:
        return np.array([metric.sign * metric.value(outcome[rows], truth[rows]) for outcome in outcomes])

    # Of equals the first, which is none where it is among them.
    picks = [int(values(fold != held).argmax()) for held in range(folds)]
    lifts = tuple(float(on[pick] - on[0]) for pick, on in zip(picks, [values(fold == f) for f in range(folds)]))
    overall = values(np.ones(len(truth), dtype=bool))
    best = boosts[int(overall.argmax())]
    agreed = min(lifts) >= 0 and max(lifts) > 0
    return TunedBoost(best, best if agreed else UNCHANGED, metric, metric.sign * float(overall[0]),
                      metric.sign * float(overall.max()), lifts, tuple(boosts[pick] for pick in picks))


def as_metric(metric: Metric | str | Callable) -> Metric:
    """A metric, the one of a name, or one of ``package.module:name``; a function of predicted and true columns is one.

    Raises:
        ConfigError: If there is none of the name.
    """
    if isinstance(metric, str):
        if ':' not in metric:
            return find_metric(metric)
        from pkgutil import resolve_name
        try:
            metric = resolve_name(metric)
        except (ImportError, AttributeError) as error:
            raise ConfigError(fault('boost', 'metric', '`package.module:name`', metric, f'{error}.')) from None
    if isinstance(metric, Metric):
        return metric
    return Metric(getattr(metric, '__name__', 'metric'), 'label', metric)


def _outcome(scores: np.ndarray, weights: np.ndarray, truth: np.ndarray, metric: Metric) -> np.ndarray:
    """What a metric looks at after boosting, ``(N,)``."""
    factors, found = weights.astype(np.float32), []
    for rows in row_blocks(scores):
        part, own = np.asarray(scores[rows], dtype=np.float32) * factors, truth[rows]
        mine = part[np.arange(len(part)), own]
        if metric.looks_at == 'label':
            found.append(part.argmax(axis=1))
        elif metric.looks_at == 'rank':
            equal_before = (part == mine[:, None]) & (np.arange(part.shape[1]) < own[:, None])
            found.append(((part > mine[:, None]) | equal_before).sum(axis=1) < metric.k)
        else:
            found.append((mine if metric.looks_at == 'true' else part[:, -1]) / part.sum(axis=1))
    return np.concatenate(found)


def weights_table(names: Sequence[str], counts: np.ndarray, weights: np.ndarray, rows: int = 8) -> str:
    """The rarest classes, what they weigh, and the most frequent, in a few lines."""
    order = np.argsort(counts, kind='stable')
    shown = order if len(order) <= rows else np.concatenate([order[:rows - 2], order[-2:]])
    lines = [f'{"class":<24} {"samples":>8} {"weight":>8}']
    lines += [f'{names[c][:24]:<24} {counts[c]:>8g} {weights[c]:>8.3f}' for c in shown]
    if len(order) > rows:
        lines.insert(rows - 1, '…')
    return '\n'.join(lines)
