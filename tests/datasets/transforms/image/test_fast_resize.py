import cv2
import numpy as np
import pytest

from mmcomp.registry import TRANSFORMS

SIZES = [(375, 500), (61, 47), (32, 32), (9, 200), (1, 1), (24, 33)]


def image(height, width, seed=0):
    """Noise, photo-like on the left and sharp on the right."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    noise[:, :width // 2] = cv2.blur(noise, (5, 5))[:, :width // 2]
    return noise


def both(name, picture, seed=0, **kwargs):
    results = []
    for prefix in ('Fast', ''):
        np.random.seed(seed)
        results.append(TRANSFORMS.build(dict(type=prefix + name, **kwargs))(dict(img=picture.copy())))
    return results


def assert_alike(got, expected, levels):
    assert got.keys() == expected.keys()
    assert {k: v for k, v in got.items() if k != 'img'} == {k: v for k, v in expected.items() if k != 'img'}
    assert got['img'].dtype == np.uint8 and got['img'].flags.c_contiguous
    assert np.abs(got['img'].astype(int) - expected['img']).max() <= levels


@pytest.mark.parametrize('size', SIZES, ids=str)
def test_it_is_pillow_within_a_level(size):
    how, levels = dict(backend='pillow'), 1
    picture = image(*size)
    assert_alike(*both('Resize', picture, scale=(38, 32), **how), levels)
    assert_alike(*both('Resize', np.flip(picture, 1), scale=32, **how), levels)
    assert_alike(*both('ResizeEdge', picture, scale=40, edge='short', **how), levels)
    for seed in range(4):
        assert_alike(*both('RandomResizedCrop', picture, seed, scale=(24, 30), **how), levels)


def test_the_input_stays_and_the_output_is_its_own():
    picture = image(32, 32)
    before = picture.copy()
    for scale in (32, 16):
        out = TRANSFORMS.build(dict(type='FastResize', scale=scale, backend='pillow'))(dict(img=picture))['img']
        out[:] = 0
        np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize('how', [dict(backend='cv2'), dict(backend='pillow', interpolation='bicubic'),
                                 dict(backend='pillow', keep_ratio=True)])
def test_what_it_does_not_know_is_mmcvs(how):
    assert_alike(*both('Resize', image(61, 47), scale=(38, 32), **how), 0)


def test_grey_images_and_floats_are_mmcvs():
    grey = image(20, 30)[..., 0]
    assert_alike(*both('Resize', grey, scale=(8, 9), backend='pillow'), 0)
    got, expected = both('ResizeEdge', image(20, 30).astype(np.float32), scale=9)
    np.testing.assert_array_equal(got['img'], expected['img'])
