"""Which frames of a video are looked at: all if they are few enough, else one of these choices.

Each takes the frames there are, ``count``, and those wanted, fewer, and gives
``(wanted,)`` rising integers.
"""
import numpy as np


def spread_frames(count: int, wanted: int) -> np.ndarray:
    """Evenly from the first to the last; of one, the middle."""
    if wanted == 1:
        return np.array([count // 2])
    return np.linspace(0, count - 1, wanted).round().astype(np.int64)


def strided_frames(count: int, wanted: int) -> np.ndarray:
    """Every ``count // wanted``-th from the first on; the last ones may never be seen."""
    return np.arange(wanted) * (count // wanted)


def dense_tail_frames(count: int, wanted: int) -> np.ndarray:
    """Wide steps at the head and steps smaller by one at the tail, so that the last frame is the last.

    With fewer than twice as many as wanted: every second of the head, then all.
    """
    wide = count % wanted
    steps = np.full(wanted, count // wanted)
    steps[:wide] += 1
    return steps.cumsum() - 1


def random_frames(count: int, wanted: int) -> np.ndarray:
    """At random without replacement, in the order of time; from numpy's global generator."""
    return np.sort(np.random.permutation(count)[:wanted])


def view_frames(count: int, wanted: int, view: int, views: int) -> np.ndarray:
    """One of ``views`` shifted combs: the middle of slice ``view`` out of ``views`` of each of ``wanted`` parts."""
    return ((np.arange(wanted) + (view + .5) / views) * count / wanted).astype(np.int64)
