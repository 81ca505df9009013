"""Nothing that can win is dropped, and of what can't little is left."""
import numpy as np
import pytest

from mmcomp.predictions.weight_search.pruning import possible_classes


def dominated_by(values: np.ndarray, row: int) -> np.ndarray:
    """How many classes each class of a row is behind, pair by pair."""
    scores = values[:, row]
    classes = scores.shape[1]
    return np.array([sum((scores[:, c] < scores[:, d]).all() or (d < c and (scores[:, c] <= scores[:, d]).all())
                         for d in range(classes) if d != c) for c in range(classes)])


@pytest.mark.parametrize('k', [1, 2, 5])
@pytest.mark.parametrize('decimals', [1, 6])
def test_it_is_what_pairs_say(k, decimals):
    rng = np.random.default_rng(k)
    values = np.round(rng.normal(size=(3, 40, 12)), decimals).astype(np.float32)
    row, column = possible_classes(values, k)
    found = np.zeros((40, 12), dtype=bool)
    found[row, column] = True
    needed = np.array([dominated_by(values, r) < k for r in range(40)])
    assert not (needed & ~found).any() and found.sum() <= needed.sum() * 1.05
    assert (np.lexsort((column, row)) == np.arange(len(row))).all()


def test_all_equal_leaves_the_first():
    row, column = possible_classes(np.ones((4, 3, 9), np.float32))
    assert row.tolist() == [0, 1, 2] and column.tolist() == [0, 0, 0]
    row, column = possible_classes(np.ones((4, 1, 9), np.float32), 3)
    assert column.tolist() == [0, 1, 2]


def test_more_ranks_than_classes_keep_all():
    assert len(possible_classes(np.random.default_rng(0).normal(size=(2, 5, 4)), 7)[0]) == 20
