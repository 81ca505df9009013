import copy

import cv2
import numpy as np
import pytest
from mmpretrain.datasets import RandAugment
from mmpretrain.datasets.transforms.auto_augment import RANDAUG_POLICIES

from mmcomp.datasets.transforms.image.operations import drawn_operation, is_known
from mmcomp.registry import TRANSFORMS

RECIPE = dict(policies='timm_increasing', num_policies=2, total_level=10, magnitude_level=9, magnitude_std=.5,
              hparams=dict(pad_val=[104, 116, 124]))
STOCK = RandAugment(**RECIPE).transforms + RandAugment(**dict(RECIPE, hparams=dict(pad_val=7, interpolation='bicubic'))
                                                       ).transforms


def images() -> list[np.ndarray]:
    """Noise, a smooth image of few levels, one level only, and an odd shape seen from the back."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (60, 47, 3), dtype=np.uint8)
    smooth = cv2.resize(rng.integers(60, 180, (4, 5, 3), dtype=np.uint8), (50, 61), interpolation=cv2.INTER_CUBIC)
    return [noise, smooth, np.full((9, 8, 3), 77, np.uint8), np.flip(noise, 1)]


def seeded(transform, image, seed):
    np.random.seed(seed)
    return transform(dict(img=image.copy()))['img'], np.random.get_state()[1:3]


def name(op) -> str:
    return f'{type(op).__name__} {getattr(op, "direction", "")} {getattr(op, "interpolation", "")}'


def difference(a, b) -> np.ndarray:
    return np.abs(a.astype(int) - b)


@pytest.mark.parametrize('op', STOCK, ids=name)
def test_each_operation_is_the_stock_one(op):
    assert is_known(op)
    op, same = copy.copy(op), []
    op.prob = 1.
    for image in images():
        for seed in range(6):
            expected, state = seeded(op, image, seed)
            np.random.seed(seed)
            got = drawn_operation(op, image.shape)(image)
            assert got.dtype == np.uint8 and got.shape == image.shape
            assert difference(got, expected).max() <= 1, seed
            assert all(map(np.array_equal, np.random.get_state()[1:3], state)), 'the same random numbers were drawn'
            same.append((got == expected).mean())
    assert np.median(same) > .995, 'a level apart is rare'


def test_every_policy_of_mmpretrain_is_known():
    for policies in RANDAUG_POLICIES:
        assert all(map(is_known, RandAugment(**dict(RECIPE, policies=policies))))


@pytest.mark.parametrize(('op', 'magnitudes'), [
    ('Posterize', [dict(bits=b) for b in range(9)]), ('Solarize', [dict(thr=t) for t in (0, 1, 99.5, 255, 256)]),
    ('SolarizeAdd', [dict(magnitude=m, thr=t) for m in (0, 33.3, 255) for t in (0, 128, 256)]),
    ('Brightness', [dict(magnitude=m) for m in (0, .5, 1.)]), ('Contrast', [dict(magnitude=m) for m in (0, .5, 1.)]),
    ('Sharpness', [dict(magnitude=m) for m in (0, .5, 1.)]), ('Shear', [dict(magnitude=m) for m in (0, .01, 2.)]),
    ('Translate', [dict(magnitude=m, direction=d) for m in (0, .5, 1.5) for d in ('horizontal', 'vertical')]),
    ('Rotate', [dict(angle=a, scale=s) for a in (0, 90, 180) for s in (.5, 1.)]),
])
def test_magnitudes_at_the_ends(op, magnitudes):
    for magnitude in magnitudes:
        stock = TRANSFORMS.build(dict(type=op, prob=1., **magnitude))
        for image in images():
            expected, _ = seeded(stock, image, 3)
            np.random.seed(3)
            assert difference(drawn_operation(stock, image.shape)(image), expected).max() <= 1, magnitude


def test_the_whole_draws_and_does_the_same_one_operation_a_time():
    ours, stock = (TRANSFORMS.build(dict(type=t, **dict(RECIPE, num_policies=1))) for t in ('FastRandAugment',
                                                                                         'RandAugment'))
    for seed in range(40):
        (got, state), (expected, stock_state) = (seeded(t, images()[seed % 4], seed) for t in (ours, stock))
        assert difference(got, expected).max() <= 1
        assert all(map(np.array_equal, state, stock_state))


def test_it_leaves_the_image_it_was_given():
    ours, image = TRANSFORMS.build(dict(type='FastRandAugment', **RECIPE)), images()[0]
    before = image.copy()
    for seed in range(60):
        np.random.seed(seed)
        ours(dict(img=image))
        np.testing.assert_array_equal(image, before)


def test_images_that_share_their_random_numbers_move_alike():
    rotate = copy.copy(STOCK[3])
    rotate.prob = 1.
    apart = [drawn_operation(rotate, (9, 9, 3)).matrix for _ in range(2)]
    rotate._cache_enabled = True  # as mmcv's `cache_random_params` sets it
    shared = [drawn_operation(rotate, (9, 9, 3)).matrix for _ in range(2)]
    assert not np.array_equal(*apart) and np.array_equal(*shared)


def test_what_it_does_not_know_runs_as_it_is():
    policies = [dict(type='Cutout', magnitude_range=(1, 9)), dict(type='Invert')]
    both = [TRANSFORMS.build(dict(RECIPE, type=t, policies=policies)) for t in ('FastRandAugment', 'RandAugment')]
    floats = images()[0].astype(np.float32)
    for seed in range(10):
        for image in (images()[0], floats):
            np.testing.assert_array_equal(*(seeded(t, image, seed)[0] for t in both))


@pytest.mark.parametrize('wrong', [dict(policies='unknown'), dict(num_policies=0)])
def test_wrong_settings_are_those_of_the_stock(wrong):
    with pytest.raises(AssertionError):
        TRANSFORMS.build(dict(type='FastRandAugment', **dict(RECIPE, **wrong)))
