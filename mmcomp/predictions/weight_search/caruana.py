"""Greedy selection of members with replacement.

Source: Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble Selection from
Libraries of Models" (2004): sorted initialisation, selection with replacement,
bagged selection.
"""
import numpy as np

from mmcomp.predictions.weight_search.around import mixed
from mmcomp.predictions.weight_search.objective import Objective

STEPS = 100
PATIENCE = 25  # additions without a new best after which the rest is not tried


def caruana_weights(objective: Objective, steps: int = STEPS, bags: int = 0, fraction: float = .5,
                    seed: int = 0) -> np.ndarray:
    """Weights that are shares of how often each member was added.

    Args:
        objective: To maximise.
        steps: Additions at most, those of the start included.
        bags: Mean over so many selections, each from a random part of the members; 0 for one from all.
        fraction: That part.
        seed: Of the parts.

    Returns:
        ``(M,)`` float64, summing to one.
    """
    alone = objective.vertices()
    everyone = np.arange(objective.members)
    if not bags:
        return select(objective, everyone, alone, steps)
    rng = np.random.default_rng(seed)
    size = max(1, round(fraction * len(everyone)))
    parts = [np.sort(rng.choice(everyone, size, replace=False)) for _ in range(bags)]
    return np.mean([select(objective, part, alone, steps) for part in parts], axis=0)


def select(objective: Objective, allowed: np.ndarray, alone: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """One greedy selection among ``allowed``.

    It starts with the best of the best member, the mean of the best two, of
    the best three, … and then adds the member that is best to add; the first
    of equals. The best selection on the way counts.

    Args:
        objective: To maximise.
        allowed: Members, integers.
        alone: ``(M,)`` value of each member alone.
        steps: Additions at most.
    """
    order = allowed[np.argsort(-alone[allowed], kind='stable')]
    starts = [np.isin(np.arange(objective.members), order[:n + 1]) / (n + 1) for n in range(len(order))]
    values = [objective(start) for start in starts]
    number = int(np.argmax(values)) + 1
    counts, raw = starts[number - 1] * number, objective.scores.combine(starts[number - 1])
    best, best_value, best_number = counts / number, values[number - 1], number
    while number < steps and number - best_number < PATIENCE:
        share = 1 / (number + 1)
        around = objective.scores.around(raw)
        values = [objective.judge(around.outcome(1 - share, {member: share})) for member in allowed.tolist()]
        chosen = int(allowed[int(np.argmax(values))])
        number += 1
        counts[chosen] += 1
        raw = mixed(raw, objective.scores.values, 1 - share, {chosen: share})
        if max(values) > best_value:
            best, best_value, best_number = counts / number, max(values), number
    return best
