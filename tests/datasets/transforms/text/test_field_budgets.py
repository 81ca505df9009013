"""Room shared among fields, beside plainer ways."""
import numpy as np

from mmcomp.datasets.transforms.text.field_budgets import by_quota, in_order, longest_first, with_guarantee


def popped(lengths, room):
    kept = list(lengths)
    while sum(kept) > room:
        kept[max(range(len(kept)), key=lambda field: (kept[field], field))] -= 1
    return kept


def test_longest_first_is_what_taking_one_by_one_leaves():
    rng = np.random.default_rng(0)
    for _ in range(300):
        lengths, room = rng.integers(0, 12, rng.integers(1, 5)).tolist(), int(rng.integers(0, 30))
        assert longest_first(lengths, room) == popped(lengths, room), (lengths, room)


def test_the_others():
    assert in_order([3, 5, 4], 7) == [3, 4, 0]
    assert by_quota([3, 5, 4], 100, [4, 2, 0]) == [3, 2, 0]
    assert with_guarantee([3, 50, 40], 20, [6, 6, 6]) == [3, 11, 6]
    rng = np.random.default_rng(1)
    for _ in range(100):
        lengths, floors = rng.integers(0, 20, 3).tolist(), rng.integers(0, 5, 3).tolist()
        kept = with_guarantee(lengths, 15, floors)
        assert sum(kept) == min(sum(lengths), 15)
        assert all(min(length, floor) <= own <= length for length, floor, own in zip(lengths, floors, kept))
