"""The classes that can be among the k highest of a row under some weights of the members.

Weights are not negative, so a class that scores in every member at most as
high as another one scores at most as high in any weighted sum. With 5000
classes and a dozen models some 15 a row remain, and they give the same labels.
"""
import numpy as np

COARSE = 4  # classes of the highest sums that all others are compared with
FINE = 48  # and so many in all that what is left is compared with; more would drop a few more


def possible_classes(values: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the classes that are not behind ``k`` others whatever the weights.

    A class is behind another one if it scores lower in every member, or not
    higher in any and comes later, since the first of equals wins. The rule
    holds for weights of zero too, so it holds for any part of the members.

    Args:
        values: ``(M, B, C)`` finite scores of M members.
        k: Classes that count as won, from 1.

    Returns:
        Two ``(E,)`` integer arrays, sorted by row, then column. Now and then
        a class is among them that need not be; none is missing.
    """
    row, column, flat, behind = coarse(values, k)
    keep = fine(row, column, flat, behind, k)
    return row[keep], column[keep]


def coarse(values: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What is left after comparing all classes of a row with the few of the highest sums.

    Returns:
        Rows, columns ``(E,)``, their scores ``(M, E)``, and how many classes they are known to be behind.
    """
    sums, every = values.sum(axis=0), np.arange(values.shape[1])
    behind = np.zeros(sums.shape, dtype=np.int16)
    compared = np.empty(sums.shape, dtype=bool)
    for _ in range(min(COARSE, sums.shape[1])):
        best = sums.argmax(axis=1)
        live = np.isfinite(sums[every, best])[:, None]  # some class is left to compare with
        not_above, below = np.repeat(live, sums.shape[1], axis=1), np.repeat(live, sums.shape[1], axis=1)
        for scores in values:
            theirs = scores[every, best][:, None]
            not_above &= np.less_equal(scores, theirs, out=compared)
            below &= np.less(scores, theirs, out=compared)
        behind += below | (not_above & (np.arange(sums.shape[1]) > best[:, None]))
        sums[every, best] = -np.inf
        sums[behind >= k] = -np.inf
    row, column = np.nonzero(behind < k)
    return row, column, values[:, row, column], behind[row, column]


def fine(row: np.ndarray, column: np.ndarray, flat: np.ndarray, behind: np.ndarray, k: int = 1) -> np.ndarray:
    """Which of the entries of :func:`coarse` remain after comparing each with more of its row; positions, rising."""
    place_of = np.lexsort((column, -flat.sum(axis=0), row))
    row, column, behind, flat = row[place_of], column[place_of], behind[place_of].copy(), flat[:, place_of]
    done = []
    for place in range(COARSE, FINE):
        wide = np.bincount(row)[row] > place if len(row) else np.zeros(0, dtype=bool)
        done.append(place_of[~wide])
        if not wide.any():
            return np.sort(np.concatenate(done))
        if not wide.all():
            row, column, behind, flat, place_of = row[wide], column[wide], behind[wide], flat[:, wide], place_of[wide]
        behind += _is_behind(flat, row, column, place)
        keep = behind < k
        row, column, behind, flat, place_of = row[keep], column[keep], behind[keep], flat[:, keep], place_of[keep]
    return np.sort(np.concatenate([*done, place_of]))


def _is_behind(flat: np.ndarray, row: np.ndarray, column: np.ndarray, place: int) -> np.ndarray:
    """Which entries are behind the one at ``place`` of their row; ``(E,)`` bool."""
    first = np.flatnonzero(np.diff(row, prepend=-1))
    other = np.repeat(first + place, np.diff(np.append(first, len(row))))
    not_above, below = np.ones(len(row), dtype=bool), np.ones(len(row), dtype=bool)
    for scores in flat:
        theirs = scores[other]
        not_above &= scores <= theirs
        below &= scores < theirs
    return below | (not_above & (column > column[other]))
