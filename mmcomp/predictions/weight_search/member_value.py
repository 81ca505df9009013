"""What each member is worth: how alike they are, what is lost without one, who can go."""
from collections.abc import Callable

import numpy as np

from mmcomp.predictions.progress import silent
from mmcomp.predictions.weight_search.gathering import Evidence
from mmcomp.predictions.weight_search.intervals import Gain, paired_gain
from mmcomp.predictions.weight_search.nested import Nested, Search, pooled_outcome, validate
from mmcomp.predictions.weight_search.objective import Objective

DRAWS = 200


def correlations(evidence: Evidence) -> tuple[np.ndarray, str]:
    """How alike the members are wrong, ``(M, M)`` float64, and what was correlated.

    For metrics of labels the errors (wrong or not), else the scores of the
    true classes. A member that does not vary correlates with none but itself.
    """
    if evidence.metric.looks_at in ('label', 'rank'):
        members = np.eye(len(evidence.names))
        values = np.array([evidence.scores.outcome(evidence.scores.combine(row)) for row in members])
        values = values == evidence.truth if evidence.metric.looks_at == 'label' else values
        what = 'errors'
    else:
        values, what = evidence.true, 'true-class scores'
    values = np.asarray(values, dtype=np.float64)
    values = values - values.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(values, axis=1)
    values /= np.where(norms > 0, norms, 1)[:, None]
    matrix = np.clip(values @ values.T, -1, 1)
    np.fill_diagonal(matrix, 1)
    return matrix, what


def renormalised(weights: np.ndarray, member: int) -> np.ndarray:
    """``(F, M)`` weights without a member, summing to one; equal ones where it had everything."""
    rest = weights.copy()
    rest[:, member] = 0
    sums = rest.sum(axis=1, keepdims=True)
    others = (np.arange(weights.shape[1]) != member) / (weights.shape[1] - 1)
    return np.where(sums > 1e-9, rest / np.where(sums > 1e-9, sums, 1), others)


def leave_one_out(evidence: Evidence, nested: Nested, groups: np.ndarray | None = None,
                  draws: int = DRAWS) -> list[Gain]:
    """For each member what the ensemble has from it, on held-out samples.

    It is the held-out gain of the ensemble over itself without the member, the
    other weights scaled up. Negative: the member does harm.
    """
    gains = []
    for member in range(len(evidence.names)):
        without = pooled_outcome(evidence, nested.fold, renormalised(nested.weights, member))
        gains.append(paired_gain(evidence.metric, nested.outcome, without, evidence.truth, groups, draws))
    return gains


def prune(evidence: Evidence, nested: Nested, search: Search, groups: np.ndarray | None = None,
          track: Callable = silent) -> tuple[list[int], Nested]:
    """Drop members, one at a time, whose loss can't be told from noise.

    The member that is missed least goes; weights are searched again without it.
    The loss is always that against the ensemble of all, so that many small
    losses do not add up to a large one.

    Returns:
        The members that stay, at least two, and their validation.
    """
    kept, current = list(range(len(evidence.names))), nested
    for _ in track(range(len(kept) - 2), 'pruning'):
        part = evidence.select(kept)
        losses = [round(gain.value, 4) for gain in leave_one_out(part, current, groups, draws=1)]
        weakest = np.lexsort((Objective.of(part).vertices(), losses))[0]  # of those missed alike the worst
        rest = [m for place, m in enumerate(kept) if place != weakest]
        tried = validate(evidence.select(rest), search, nested.fold, groups)
        if not paired_gain(evidence.metric, nested.outcome, tried.outcome, evidence.truth, groups).is_noise:
            break
        kept, current = rest, tried
    return kept, current
