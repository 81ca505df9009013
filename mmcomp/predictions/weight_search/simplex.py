"""The best weights for log-loss, with a certificate; for other metrics a climb that starts there."""
import numpy as np

from mmcomp.metrics.log_loss import FLOOR
from mmcomp.predictions.weight_search.climbing import climb
from mmcomp.predictions.weight_search.objective import Objective

GAP = 1e-6  # nats
ROUNDS = 2000


def kkt_gap(true: np.ndarray, weights: np.ndarray) -> float:
    """How far at most the log-likelihood of ``weights`` is below the best, in nats a sample.

    The log-likelihood is concave and its gradient times the weights is one, so
    the highest entry of the gradient minus one bounds what is left to gain.

    Args:
        true: ``(M, N)`` probabilities of the true classes.
        weights: ``(M,)``, summing to one.
    """
    return float((true / (weights @ true)).mean(axis=1).max() - 1)


def likeliest_weights(true: np.ndarray, gap: float = GAP) -> np.ndarray:
    """The weights on the simplex under which the true classes are most probable, within ``gap``.

    Expectation maximisation of mixture weights: each weight is multiplied by
    its entry of the gradient, which never makes it worse. Every two steps are
    extrapolated (SQUAREM, Varadhan and Roland 2008) where that is better.

    Args:
        true: ``(M, N)`` probabilities of the true classes.
        gap: Nats a sample from the optimum at which to stop.

    Returns:
        ``(M,)`` float64.
    """
    true = np.maximum(true, FLOOR, dtype=np.float64)
    weights = np.full(len(true), 1 / len(true))
    for _ in range(ROUNDS):
        gradient = _gradient(true, weights)
        if gradient.max() - 1 <= gap:
            break
        once = weights * gradient
        twice = once * _gradient(true, once)
        step, curve = once - weights, twice - 2 * once + weights
        length = np.linalg.norm(step) / max(np.linalg.norm(curve), 1e-300)
        far = np.maximum(weights + 2 * length * step + length ** 2 * curve, 1e-12 * twice)
        far /= far.sum()
        weights = far if _likelihood(true, far) > _likelihood(true, twice) else twice / twice.sum()
    # What is at the border goes onto it if that costs nothing.
    clean = np.where(weights < 1e-4, 0, weights) / weights[weights >= 1e-4].sum()
    return clean if kkt_gap(true, clean) <= max(gap, kkt_gap(true, weights)) else weights


def simplex_weights(objective: Objective, seed: int = 0) -> np.ndarray:
    """Weights on the simplex: the optimum for log-loss, else the best that a climb from it finds.

    From the likeliest weights (where scores are probabilities), or from equal
    ones or the best member alone if these are better, single weights and random
    pairs are changed by ever smaller steps.
    """
    if objective.metric.looks_at == 'true':
        return likeliest_weights(objective.true)
    alone = np.eye(objective.members)[objective.vertices().argmax()]
    starts = [np.full(objective.members, 1 / objective.members), alone]
    if objective.kind == 'probability':
        starts.insert(0, likeliest_weights(objective.true))
    best = max(starts, key=objective)
    rng = np.random.default_rng(seed)
    pairs = [(int(a), int(b)) for a, b in rng.permuted(np.argwhere(~np.eye(objective.members, dtype=bool)), axis=0)]
    return climb(objective, best, pairs=pairs[:4 * objective.members])


def _gradient(true: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return true @ (1 / (weights @ true)) / true.shape[1]


def _likelihood(true: np.ndarray, weights: np.ndarray) -> float:
    return float(np.log(weights @ true).mean())
