"""Laws of the choices of frames."""
import numpy as np
import pytest

from mmcomp.datasets.transforms.video.frame_choice import (
    dense_tail_frames,
    random_frames,
    spread_frames,
    strided_frames,
    view_frames,
)


@pytest.mark.parametrize('choose', [spread_frames, strided_frames, dense_tail_frames, random_frames])
def test_frames_are_there_rising_and_as_many_as_asked(choose):
    for count in range(2, 70):
        for wanted in range(1, count):
            found = choose(count, wanted)
            assert len(found) == wanted and 0 <= found[0] and found[-1] < count and (np.diff(found) > 0).all()


def test_both_ends():
    assert spread_frames(32, 14)[[0, -1]].tolist() == [0, 31] and spread_frames(32, 1).tolist() == [16]
    assert strided_frames(32, 14).tolist() == list(range(0, 28, 2)), 'as published: the last five are never seen'
    assert dense_tail_frames(20, 14).tolist() == [1, 3, 5, 7, 9, 11, *range(12, 20)], 'every second, then all'
    assert dense_tail_frames(32, 14)[-1] == 31


def test_views_together_see_what_one_does_not():
    views = [view_frames(32, 8, view, 4) for view in range(4)]
    assert sorted(np.concatenate(views)) == list(range(32))
    for count, wanted, number in ((32, 14, 2), (15, 14, 3), (100, 7, 5)):
        for view in range(number):
            found = view_frames(count, wanted, view, number)
            assert len(set(found)) == wanted and found[-1] < count and (np.diff(found) > 0).all()
