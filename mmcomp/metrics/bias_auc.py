"""Areas under the ROC curve of groups of samples, and a score of how evenly a model serves them.

Source: Borkan et al., "Nuanced Metrics for Measuring Unintended Bias with Real
Data for Text Classification" (2019).
"""
from dataclasses import dataclass

import numpy as np

from mmcomp.errors import ConfigError, DataError, fault, shorten

SLICES = ('subgroup', 'bpsn', 'bnsp')
POLICIES = ('error', 'skip', 'nan')


@dataclass(frozen=True)
class BiasAreas:
    """Areas of one model on samples of K groups; NaN where a slice lacks positives or negatives.

    Args:
        overall: Of all samples.
        subgroup: ``(K,)`` of the samples in each group.
        bpsn: ``(K,)`` of positives of the background (all outside the group) beside negatives of the group: low where
            the group alone makes the model say yes.
        bnsp: ``(K,)`` of negatives of the background beside positives of the group: low where it makes it say no.
        counts: ``(K, 4)`` integers: positives and negatives of the group, positives and negatives of the background.
    """
    overall: float
    subgroup: np.ndarray
    bpsn: np.ndarray
    bnsp: np.ndarray
    counts: np.ndarray

    def slices(self) -> dict[str, np.ndarray]:
        """The three ``(K,)`` areas by name."""
        return {name: getattr(self, name) for name in SLICES}

    def sizes(self, name: str) -> np.ndarray:
        """Positives and negatives ``(K, 2)`` of each group's slice of a name."""
        return self.counts[:, dict(subgroup=[0, 1], bpsn=[2, 1], bnsp=[0, 3])[name]]


def bias_areas(truth: np.ndarray, groups: np.ndarray, scores: np.ndarray) -> BiasAreas:
    """All ``1 + 3 K`` areas from a single sort; equal scores count half.

    An area is a sum over pairs, so for each level of the score only the
    numbers of positives and negatives below it are needed: those of a group
    are counted, those of its background are what is left of the whole.

    Args:
        truth: ``(N,)`` booleans.
        groups: ``(N, K)`` booleans; a sample may be in several groups, or in none.
        scores: ``(N,)`` finite numbers; higher means positive.

    Raises:
        DataError: If shapes do not fit, or a score is not finite.
    """
    truth, groups, scores = np.asarray(truth, bool), np.asarray(groups, bool), np.asarray(scores)
    _check(truth, groups, scores)
    level, below = _levels(truth, scores)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    overall = _area(below[level[truth]].sum(), positives, negatives)
    above = _levels_above(level, truth, len(below))
    found, counts = np.full((3, groups.shape[1]), np.nan), np.zeros((groups.shape[1], 4), dtype=np.int64)
    for column in range(groups.shape[1]):
        inside = np.flatnonzero(groups[:, column])
        mine, yes = level[inside], truth[inside]
        own, other = np.sort(mine[yes]), np.sort(mine[~yes])
        within = _pairs(own, other)
        found[0, column] = _area(within, len(own), len(other))
        found[1, column] = _area(above[other].sum() - within, positives - len(own), len(other))
        found[2, column] = _area(below[own].sum() - within, len(own), negatives - len(other))
        counts[column] = len(own), len(other), positives - len(own), negatives - len(other)
    return BiasAreas(overall, *found, counts)


def generalized_mean(values: np.ndarray, power: float) -> float:
    """``(mean of v^p)^(1/p)`` of values that are not negative, the geometric mean for p = 0.

    The lower the power, the nearer to the least value, which for -5 has most
    to say. A zero makes the mean zero for powers up to zero, its limit.
    """
    values = np.asarray(values, dtype=np.float64)
    if power <= 0 and (values == 0).any():
        return 0.
    if power == 0:
        return float(np.exp(np.log(values).mean()))
    return float(np.mean(values ** power) ** (1 / power))


def slice_means(areas: BiasAreas, power: float = -5., degenerate: str = 'error') -> dict[str, float]:
    """The generalized mean over the groups of each of the three slices.

    Args:
        areas: Of :func:`bias_areas`.
        power: Of the mean.
        degenerate: What to do with a slice without positives or without negatives, which has no area: ``error``;
            ``skip`` it, so that its mean is over fewer groups; ``nan``.

    Raises:
        DataError: With ``error``, naming the slices; with ``skip``, if a mean has no group left.
    """
    if degenerate not in POLICIES:
        raise ConfigError(fault('bias_auc', 'degenerate', f'one of {POLICIES}', degenerate, 'Correct it.'))
    lacking = [f'{name} of group {column}' for name, values in areas.slices().items()
               for column in np.flatnonzero(np.isnan(values))]
    if lacking and degenerate == 'error':
        raise DataError(fault('bias_auc', 'slices', 'of positives and negatives both', shorten(lacking),
                              "Judge more samples, or set degenerate='skip'."))
    means = {}
    for name, values in areas.slices().items():
        kept = values[~np.isnan(values)] if degenerate == 'skip' else values
        if not len(kept):
            raise DataError(f'bias_auc: no group has a {name} area. Judge samples of some group, of both kinds.')
        means[name] = generalized_mean(kept, power)
    return means


def bias_score(areas: BiasAreas, power: float = -5., overall_weight: float = .25, degenerate: str = 'error') -> float:
    """``w * overall + (1 - w) * mean of the three slice means``; see :func:`slice_means`."""
    means = slice_means(areas, power, degenerate)
    return float(overall_weight * areas.overall + (1 - overall_weight) * np.mean(list(means.values())))


# ---------------------------------------------------------------- truth and groups as one integer


def coded_groups(truth: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """One integer ``(N,)`` a sample, for lists and searches that know a single label: bit 0 is the truth, bit k + 1
    membership of group k."""
    groups = np.asarray(groups, bool)
    if groups.shape[1] > 30:
        raise ConfigError(fault('bias_auc', 'groups', 'at most 30', groups.shape[1], 'Leave some out.'))
    return np.asarray(truth, bool).astype(np.int64) + groups @ (2 << np.arange(groups.shape[1], dtype=np.int64))


def decoded_groups(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Truth ``(N,)`` and groups ``(N, K)`` of :func:`coded_groups`; K is that of the highest group that occurs."""
    codes = np.asarray(codes)
    count = max(1, int(codes.max(initial=0)).bit_length() - 1)
    return (codes & 1).astype(bool), (codes[:, None] >> np.arange(1, count + 1) & 1).astype(bool)


def coded_bias_auc(scores: np.ndarray, codes: np.ndarray) -> float:
    """:func:`bias_score` with its defaults of scores ``(N,)`` and :func:`coded_groups`; slices that lack positives or
    negatives are skipped, NaN where no group has any."""
    areas = bias_areas(*decoded_groups(codes), scores)
    if any(np.isnan(values).all() for values in areas.slices().values()):
        return float('nan')
    return bias_score(areas, degenerate='skip')


# ---------------------------------------------------------------- counting


def _check(truth: np.ndarray, groups: np.ndarray, scores: np.ndarray) -> None:
    if groups.ndim != 2 or not truth.shape == scores.shape == groups.shape[:1]:
        raise DataError(fault('bias_auc', 'truth, groups, scores', 'of shapes (N,), (N, K) and (N,)',
                              (truth.shape, groups.shape, scores.shape), 'Give one row a sample.'))
    if not np.isfinite(scores).all():
        raise DataError(fault('bias_auc', 'scores', 'finite', f'{np.sum(~np.isfinite(scores))} that are not',
                              'Predict these samples again.'))


def _levels(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The level ``(N,)`` of each sample, equal scores having one, and for each level the negatives below it, those on
    it counted half."""
    order = np.argsort(scores)
    ordered = scores[order]
    level = np.empty(len(scores), dtype=np.int32)
    level[order] = np.cumsum(ordered != np.concatenate([ordered[:1], ordered[:-1]]), dtype=np.int32)
    on = np.bincount(level[~truth], minlength=int(level.max(initial=0)) + 1)
    return level, np.cumsum(on) - on / 2


def _levels_above(level: np.ndarray, truth: np.ndarray, count: int) -> np.ndarray:
    """For each level the positives above it, those on it counted half."""
    on = np.bincount(level[truth], minlength=count)
    return on.sum() - np.cumsum(on) + on / 2


def _pairs(positive: np.ndarray, negative: np.ndarray) -> float:
    """Pairs with the positive above the negative, ties counted half; both sorted levels."""
    return float(sum(np.searchsorted(negative, positive, side).sum() for side in ('left', 'right'))) / 2


def _area(pairs: float, positives: int, negatives: int) -> float:
    return float(pairs / positives / negatives) if positives and negatives else float('nan')
