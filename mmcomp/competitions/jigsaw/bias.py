"""The competition's score."""
import numpy as np

from mmcomp.competitions.jigsaw.columns import THRESHOLD
from mmcomp.metrics.bias_auc import BiasAreas, bias_areas, bias_score

POWER, OVERALL_WEIGHT = -5., .25


def is_yes(shares: np.ndarray) -> np.ndarray:
    """Whether at least half of the raters said so; a missing share, of a row that nobody was asked about, is a no."""
    return np.asarray(shares) >= THRESHOLD


def jigsaw_areas(target: np.ndarray, identities: np.ndarray, scores: np.ndarray) -> BiasAreas:
    """All areas that the score is made of.

    Args:
        target: Shares ``(N,)`` of raters who found the comment toxic.
        identities: Shares ``(N, K)`` of raters who found each identity mentioned, NaN where nobody was asked.
        scores: Predictions ``(N,)``, of which only the order counts; they are not cut at a threshold.
    """
    return bias_areas(is_yes(target), is_yes(identities), scores)


def jigsaw_score(target: np.ndarray, identities: np.ndarray, scores: np.ndarray, degenerate: str = 'error') -> float:
    """The score, 0 to 1; see :func:`jigsaw_areas`, and for ``degenerate``
    :func:`mmcomp.metrics.bias_auc.slice_means`."""
    return bias_score(jigsaw_areas(target, identities, scores), POWER, OVERALL_WEIGHT, degenerate)
