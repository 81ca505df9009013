"""Coordinate descent on the simplex for any metric."""
from collections.abc import Sequence

import numpy as np

from mmcomp.predictions.weight_search.objective import Objective

STEPS = (.3, .15, .08, .04, .02, .01)
SWEEPS = 10  # at one step; each must find something better, so fewer as a rule


def coordinate_weights(objective: Objective) -> np.ndarray:
    """Coordinate descent from equal weights or the best member alone, whichever is better."""
    equal = np.full(objective.members, 1 / objective.members)
    alone = objective.vertices()
    best = np.eye(objective.members)[int(alone.argmax())]
    return climb(objective, equal if objective(equal) >= alone.max() else best)


def climb(objective: Objective, weights: np.ndarray, pairs: Sequence[tuple[int, int]] = ()) -> np.ndarray:
    """Move weights while the value rises, with steps that get smaller.

    A move takes a member's share up or down while all others keep their
    ratios, or hands weight from one of a pair to the other.

    Args:
        objective: To maximise.
        weights: ``(M,)``, summing to one, where to start.
        pairs: Members between which weight is exchanged too.

    Returns:
        ``(M,)`` float64, at least as good as the start.
    """
    value = objective(weights)
    for step in STEPS:
        for _ in range(SWEEPS):
            moved, value_now = _sweep(objective, weights, value, step, pairs)
            if value_now <= value:
                break
            weights, value = moved, value_now
    return weights


def _sweep(objective: Objective, weights: np.ndarray, value: float, step: float,
           pairs: Sequence[tuple[int, int]]) -> tuple[np.ndarray, float]:
    """Every move once; the first better of each is taken."""
    around = None
    for giver, taker in [(None, member) for member in range(len(weights))] + list(pairs):
        for sign in (1, -1) if giver is None else (1, ):
            amount, moved = _move(weights, giver, taker, sign * step)
            if moved is None:
                continue
            around = around or objective.scores.around(objective.scores.combine(weights))
            near = (1 - amount, {taker: amount}) if giver is None else (1., {taker: amount, giver: -amount})
            tried = objective.judge(around.outcome(*near))
            # Rounding differs a little from that of a sum from scratch, which is what counts.
            if tried > value and (exact := objective(moved)) > value:
                weights, value, around = moved, exact, None
                break
    return weights, value


def _move(weights: np.ndarray, giver: int | None, taker: int, step: float) -> tuple[float, np.ndarray | None]:
    """How much is moved and the weights after it; None where nothing can be."""
    moved = weights.copy()
    if giver is not None:
        amount = min(step, weights[giver])
        moved[giver] -= amount
        moved[taker] += amount
        return amount, moved if amount > 0 else None
    own = weights[taker]
    if own >= 1 - 1e-9 or (step < 0 and own <= 0):
        return 0., None
    amount = max(step, -own / (1 - own))
    moved *= 1 - amount
    moved[taker] = max(0., moved[taker] + amount)
    return amount, moved / moved.sum()
