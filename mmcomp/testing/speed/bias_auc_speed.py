"""Time of all areas of a bias score, from one sort and by a plain loop over scikit-learn's function."""
import time
from collections.abc import Callable

import numpy as np

from mmcomp.metrics.bias_auc import SLICES, BiasAreas, bias_areas
from mmcomp.testing.speed.measuring import alternated, markdown, ratio


def made_up(rows: int, groups: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth ``(N,)``, groups ``(N, K)`` and scores ``(N,)`` of about a competition's shares, some scores equal."""
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < .08
    members = rng.random((rows, groups)) < rng.uniform(.005, .06, groups)
    truth[:2], members[:4] = [True, False], [[True]] * 4  # no slice lacks a kind, however few rows there are
    truth[2:4], members[2:4] = [True, False], False
    scores = np.round(rng.normal(truth * 1.5 + members.sum(axis=1) * .2, 1), 5).astype(np.float32)
    return truth, members, scores


def plain_areas(truth: np.ndarray, groups: np.ndarray, scores: np.ndarray) -> list[float]:
    """``1 + 3 K`` areas, each by its mask."""
    from sklearn.metrics import roc_auc_score
    masks = [truth == truth, *groups.T, *(groups.T != truth), *(groups.T == truth)]
    return [float(roc_auc_score(truth[mask], scores[mask])) for mask in masks]


def flat(areas: BiasAreas) -> list[float]:
    """The same order."""
    return [areas.overall, *np.concatenate([getattr(areas, name) for name in SLICES])]


def measure(rows: int, groups: int, rounds: int) -> str:
    """A table of seconds, and what the two ways differ by."""
    data = made_up(rows, groups)
    seconds = alternated([_timed(lambda: bias_areas(*data)), _timed(lambda: plain_areas(*data))], rounds)
    gap = np.abs(np.subtract(flat(bias_areas(*data)), plain_areas(*data))).max()
    table = [('way', 'seconds', 'in units of ours'), ('one sort', ratio(seconds[:, 0]), '1'),
             ("scikit-learn's function, slice by slice", ratio(seconds[:, 1]), ratio(seconds[:, 1] / seconds[:, 0]))]
    return f'{markdown(table)}\n\n{rows} rows, {groups} groups, {1 + 3 * groups} areas; the largest gap is {gap:.1e}.'


def _timed(function: Callable[[], object]) -> Callable[[int], float]:
    def way(turn: int) -> float:
        start = time.perf_counter()
        function()
        return time.perf_counter() - start
    return way
