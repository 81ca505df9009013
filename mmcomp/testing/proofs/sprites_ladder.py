"""What each step of the video and text system adds on clips of sprites: score of two levels, gains over seeds."""
from collections.abc import Sequence

import numpy as np

from mmcomp.competitions.wechat.scoring import score_terms
from mmcomp.competitions.wechat.taxonomy import Taxonomy
from mmcomp.metrics.by_name import Metric
from mmcomp.testing.proofs.sprites import LEAVES

TAXONOMY = Taxonomy.from_counts(LEAVES)
# The step that each one is held against.
OVER = {
    'single stream': 'frames alone', 'double stream': 'frames alone', 'single, pre-trained': 'single stream',
    'double, pre-trained': 'double stream', 'single, mean of the best 4': 'single, pre-trained',
    'double, mean of the best 4': 'double, pre-trained', 'fused': 'double, mean of the best 4',
    'rare classes raised': 'fused'}


def two_level_score(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean of micro and macro F1 of actions, and of actions with their directions."""
    return score_terms(predicted, truth, TAXONOMY)['score']


SCORE = Metric('sprites_score', 'label', two_level_score)


def gain_rows(seeds: Sequence[dict[str, dict[str, float]]]) -> list[list[str]]:
    """Rows of a table: each step's values, and its gains over another of the same seed, mean and deviation over seeds.

    Args:
        seeds: ``{step: dict(score, macro)}`` of each, as of :func:`mmcomp.testing.proofs.wechat_ladder.climb`.
    """
    rows = [['step', 'score, %', 'macro F1, %', 'gain of score', 'over']]
    for step in seeds[0]:
        values = [[100 * seed[step][stage] for seed in seeds] for stage in ('score', 'macro')]
        base = OVER.get(step)
        gains = [] if base is None else [100 * (seed[step]['score'] - seed[base]['score']) for seed in seeds]
        rows.append([step, *map(_told, values), _told(gains, '+') if gains else '', base or ''])
    return rows


def _told(values: Sequence[float], sign: str = '') -> str:
    spread = f' ± {np.std(values, ddof=1):.1f}' if len(values) > 1 else ''
    return f'{np.mean(values):{sign}.1f}{spread}'
