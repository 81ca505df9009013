"""How far classes should be scaled towards even counts, seen from unlabelled predictions alone.

Nobody told how many samples of each class there are. Uneven predictions can be
a leaning of the model or the truth. Where the model leans, taking the leaning
away moves decision lines off the crowds of samples into the gaps between them,
and predictions get surer; where the truth is uneven, forcing even counts cuts
through crowds, and they get less sure. So the strength is the one at which the
mean top probability is highest (low-density separation, Chapelle and Zien,
2005, along a single line), and none if that is within the noise.
"""
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmcomp.predictions.counts.prior_scaling import FLOOR, class_prices, row_blocks
from mmcomp.predictions.progress import silent

STRENGTHS = tuple(np.arange(0, 1.01, .125))
SAMPLED = 1 << 25  # scores whose sureness is looked at; the prices need all of them
SURE = 2.  # standard errors by which the top probability must rise


@dataclass(frozen=True)
class Strength:
    """A strength for :func:`~mmcomp.predictions.counts.prior_scaling.scaled_labels`, and what speaks for it.

    Args:
        value: From 0 (plain top scores) to 1 (full).
        prices: At strength 1, ``(C,)``.
        rise: By how much the mean top probability is above that of the plain predictions, at the best strength.
        error: Its standard error.
    """
    value: float
    prices: np.ndarray
    rise: float
    error: float


def evident_strength(scores: np.ndarray, target: np.ndarray | None = None, track: Callable = silent) -> Strength:
    """The strength that the predictions themselves speak for.

    Args:
        scores: ``(N, C)`` probabilities, or non-negative multiples of them.
        target: Part of each class at full strength, ``(C,)``; even by default.
        track: Wraps the long loop, to show progress.
    """
    target = np.full(scores.shape[1], 1 / scores.shape[1]) if target is None else target
    prices = class_prices(scores, target * len(scores), target * len(scores), track=track)[0]
    part = scores[::max(1, scores.size // SAMPLED)]
    tops = np.stack([_top_probabilities(part, strength * prices) for strength in STRENGTHS])
    rises = tops - tops[0]
    best = int(rises.mean(axis=1).argmax())
    rise, error = float(rises[best].mean()), float(rises[best].std() / np.sqrt(len(part)))
    return Strength(float(STRENGTHS[best]) if rise > SURE * error else 0., prices, rise, error)


def _top_probabilities(scores: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """Of each row after scaling by ``exp(-prices)``, ``(N,)``."""
    factors, tops = np.exp(-prices).astype(np.float32), np.empty(len(scores))
    for rows in row_blocks(scores):
        block = np.maximum(scores[rows], FLOOR, dtype=np.float32) * factors
        tops[rows] = block.max(axis=1) / block.sum(axis=1)
    return tops
