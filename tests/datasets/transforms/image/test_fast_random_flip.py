import numpy as np
import pytest

from mmcomp.registry import TRANSFORMS

IMAGE = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)


@pytest.mark.parametrize('how', [dict(prob=.5), dict(prob=1., direction='vertical'),
                                 dict(prob=[.3, .3, .3], direction=['horizontal', 'vertical', 'diagonal'])])
def test_the_same_flips_in_plain_order(how):
    seen = set()
    for seed in range(30):
        got, expected = [], []
        for found, name in ((got, 'FastRandomFlip'), (expected, 'RandomFlip')):
            np.random.seed(seed)
            found.append(TRANSFORMS.build(dict(type=name, **how))(dict(img=IMAGE)))
        got, expected = got[0], expected[0]
        np.testing.assert_array_equal(got['img'], expected['img'])
        assert (got['flip'], got['flip_direction']) == (expected['flip'], expected['flip_direction'])
        assert got['img'].flags.c_contiguous
        seen.add(str(got['flip_direction']))
    assert len(seen) == (1 if how['prob'] == 1. else 2 if how['prob'] == .5 else 4)


def test_boxes_turn_with_the_image():
    boxes = np.array([[1., 2, 3, 4]])
    got, expected = (TRANSFORMS.build(dict(type=name, prob=1.))(dict(img=IMAGE, gt_bboxes=boxes))
                     for name in ('FastRandomFlip', 'RandomFlip'))
    np.testing.assert_array_equal(got['gt_bboxes'], expected['gt_bboxes'])
    np.testing.assert_array_equal(got['img'], expected['img'])
