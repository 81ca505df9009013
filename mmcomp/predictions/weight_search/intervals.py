"""How much better one ensemble is than another on the same samples, with a bootstrap interval."""
from dataclasses import dataclass

import numpy as np

from mmcomp.metrics.bootstrap import bootstrap_interval
from mmcomp.metrics.by_name import Metric

DRAWS = 1000
FEW_LEVELS = 64
CHUNKS = 2000  # of large sets of samples; the width of an interval is then off by some 2 %
MOST_DRAWN = 40_000_000  # samples in all draws of a metric that is no mean; 200 draws at least


@dataclass(frozen=True)
class Gain:
    """A difference, positive where the first is better, and its 95 % interval."""
    value: float
    low: float
    high: float

    @property
    def is_noise(self) -> bool:
        """The interval reaches zero or lies below."""
        return self.low <= 0

    def words(self, metric: Metric) -> str:
        """``+0.12 ± 0.20 points``; losses have no unit."""
        factor, unit = metric.scale
        digits = 2 if metric.higher_is_better else 5
        value = round(factor * self.value, digits) + 0.  # no minus before a zero
        return f'{value:+.{digits}f} ± {factor * (self.high - self.low) / 2:.{digits}f}{unit}'


def paired_gain(metric: Metric, first: np.ndarray, second: np.ndarray, truth: np.ndarray,
                groups: np.ndarray | None = None, draws: int = DRAWS, seed: int = 0) -> Gain:
    """The gain of ``first`` over ``second``, and the percentile interval of the paired bootstrap.

    Samples, or groups of them, are drawn with replacement, the same for both.
    A formula takes the place of the draws where the metric has one.

    Args:
        metric: Its value of each is compared.
        first: What it looks at, ``(N,)``.
        second: The same of the other.
        truth: ``(N,)`` true classes.
        groups: ``(N,)`` samples of one group are not independent of each other.
        draws: Resamples.
        seed: Of the draws.
    """
    value = metric.sign * (metric.value(first, truth) - metric.value(second, truth))
    if metric.error and groups is None:
        error = metric.error(first, second, truth)
        reach = 1.96 * error if np.isfinite(error) else np.inf
        return Gain(float(value), value - reach, value + reach)
    if metric.per_sample is None:
        draws = min(draws, max(200, MOST_DRAWN // len(truth)))
        drawn = _redrawn(metric, first, second, truth, groups, draws, seed)
    else:
        difference = metric.sign * (metric.per_sample(first, truth).astype(float) - metric.per_sample(second, truth))
        if groups is None and len(np.unique(difference)) <= FEW_LEVELS:
            return Gain(value, *bootstrap_interval(difference, seed=seed))
        drawn = _redrawn_means(difference, groups, draws, seed)
    low, high = np.quantile(drawn[np.isfinite(drawn)], (.025, .975)) if np.isfinite(drawn).any() else (-np.inf, np.inf)
    return Gain(float(value), float(low), float(high))


def _redrawn_means(values: np.ndarray, groups: np.ndarray | None, draws: int, seed: int) -> np.ndarray:
    """Means of redrawn samples; of many samples random chunks are drawn, whose mean varies alike."""
    rng, drawn = np.random.default_rng(seed), np.empty(draws)
    if groups is None and len(values) > CHUNKS:
        groups = rng.permutation(len(values)) % CHUNKS
    sizes = np.ones(len(values)) if groups is None else np.bincount(groups)
    sums = values if groups is None else np.bincount(groups, weights=values)
    for draw in range(draws):
        rows = rng.integers(0, len(sums), len(sums))
        drawn[draw] = sums[rows].sum() / sizes[rows].sum()
    return drawn


def _redrawn(metric: Metric, first: np.ndarray, second: np.ndarray, truth: np.ndarray, groups: np.ndarray | None,
             draws: int, seed: int) -> np.ndarray:
    rng, drawn = np.random.default_rng(seed), np.empty(draws)
    if groups is not None:
        order = np.argsort(groups, kind='stable')
        rows_of = np.split(order, np.cumsum(np.bincount(groups))[:-1])
    for draw in range(draws):
        if groups is None:
            rows = rng.integers(0, len(truth), len(truth))
        else:
            rows = np.concatenate([rows_of[g] for g in rng.integers(0, len(rows_of), len(rows_of))])
        drawn[draw] = metric.sign * (metric.value(first[rows], truth[rows]) - metric.value(second[rows], truth[rows]))
    return drawn
