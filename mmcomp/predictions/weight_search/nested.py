"""Nested validation: weights are found on all folds but one and judged on that one."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mmcomp.errors import ConfigError, fault
from mmcomp.predictions.labels.folds import grouped_folds, stratified_folds
from mmcomp.predictions.progress import silent
from mmcomp.predictions.weight_search.gathering import Evidence
from mmcomp.predictions.weight_search.intervals import DRAWS, Gain, paired_gain
from mmcomp.predictions.weight_search.objective import Objective

Search = Callable[[Objective], np.ndarray]


@dataclass(frozen=True)
class Nested:
    """What came out on held-out folds, put together.

    Args:
        fold: In which each sample was held out, ``(N,)``.
        weights: ``(F, M)`` found without the fold.
        outcome: What the metric looks at, ``(N,)``, each fold under its row of weights.
        equal: The same under equal weights.
        single: The same of the member that was best on the other folds.
        gain: Over equal weights.
        over_single: Over that member.
    """
    fold: np.ndarray
    weights: np.ndarray
    outcome: np.ndarray
    equal: np.ndarray
    single: np.ndarray
    gain: Gain
    over_single: Gain


def sample_folds(truth: np.ndarray, folds: int, groups: Sequence[object] | None = None, seed: int = 0) -> np.ndarray:
    """Stratified folds ``(N,)``, with all samples of a group in one.

    Raises:
        ConfigError: With fewer samples or groups than folds.
    """
    number, of = (len(truth), 'samples') if groups is None else (len(set(groups)), 'groups')
    if not 2 <= folds <= number:
        raise ConfigError(fault('search_weights', '--folds', f'from 2 to {number}, the number of {of}', folds,
                                'Pass fewer, or label more samples.'))
    if groups is None:
        return stratified_folds(truth, folds, seed)
    return grouped_folds(truth, groups, folds, seed)


def validate(evidence: Evidence, search: Search, fold: np.ndarray, groups: np.ndarray | None = None,
             draws: int = DRAWS, track: Callable = silent) -> Nested:
    """Search once without each fold and judge on it.

    The gain is then one on samples that had no say in the weights, nor in
    which member counts as the best.

    Args:
        evidence: Of all samples.
        search: ``search(objective) -> (M,)`` weights.
        fold: ``(N,)`` from 0.
        groups: ``(N,)`` integers for the interval; see :func:`.intervals.paired_gain`.
        draws: Of the bootstrap.
        track: Wraps the loop over folds, to show progress.
    """
    weights, single = [], []
    for held in track(range(fold.max() + 1), 'nested validation'):
        objective = Objective.of(evidence, fold != held)
        weights.append(search(objective))
        single.append(np.eye(objective.members)[int(objective.vertices().argmax())])
    members = len(evidence.names)
    outcome, alone = pooled_outcome(evidence, fold, weights), pooled_outcome(evidence, fold, single)
    equal = Objective.of(evidence).outcome(np.full(members, 1 / members))
    gains = [paired_gain(evidence.metric, outcome, other, evidence.truth, groups, draws) for other in (equal, alone)]
    return Nested(fold, np.array(weights), outcome, equal, alone, *gains)


def pooled_outcome(evidence: Evidence, fold: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    """What the metric looks at, ``(N,)``, each fold's samples under the weights of that fold."""
    parts = []
    for held, row in enumerate(weights):
        part = evidence.scores.take(fold == held)
        parts.append((fold == held, part.outcome(part.combine(row))))
    outcome = np.empty(len(evidence), dtype=parts[0][1].dtype)
    for rows, values in parts:
        outcome[rows] = values
    return outcome
