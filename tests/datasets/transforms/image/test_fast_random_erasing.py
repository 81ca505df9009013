import numpy as np
import pytest

from mmcomp.registry import TRANSFORMS

RECIPE = dict(erase_prob=.7, mode='rand', min_area_ratio=.02, max_area_ratio=1 / 3,
              fill_color=[103.53, 116.28, 123.675], fill_std=[57.375, 57.12, 58.395])
GREY = np.full((60, 70, 3), 3, np.uint8)


def erased(name, seed, **kwargs):
    np.random.seed(seed)
    return TRANSFORMS.build(dict(type=name, **dict(RECIPE, **kwargs)))(dict(img=GREY.copy()))['img']


@pytest.mark.parametrize('kwargs', [{}, dict(mode='const'), dict(fill_std=None), dict(fill_std=0.)])
def test_the_same_noise(kwargs):
    for seed in range(15):
        got, expected = erased('FastRandomErasing', seed, **kwargs), erased('RandomErasing', seed, **kwargs)
        assert np.abs(got.astype(int) - expected).max() <= 1 and (got == expected).mean() > .999
        after = np.random.rand()
        erased('FastRandomErasing', seed, **kwargs)
        assert np.random.rand() == after, 'the numbers that follow are the same'


def test_other_noise_has_the_same_places_and_moments_and_repeats():
    levels, stock_levels = [], []
    for seed in range(40):
        got, expected = erased('FastRandomErasing', seed, same_noise=False), erased('RandomErasing', seed)
        np.testing.assert_array_equal(got, erased('FastRandomErasing', seed, same_noise=False))
        # Where noise happens to be 3 itself, a pixel looks untouched; all three channels hardly ever do.
        assert ((got != 3).any(-1) == (expected != 3).any(-1)).mean() > .999
        where = (got != 3).any(-1)
        levels.append(got[where])
        stock_levels.append(expected[where])
    levels, stock_levels = np.concatenate(levels).astype(float), np.concatenate(stock_levels).astype(float)
    assert len(levels) > 10_000
    # The error of a mean of so many is about 0.3, of a standard deviation 0.2.
    np.testing.assert_allclose(levels.mean(0), stock_levels.mean(0), atol=1.5)
    np.testing.assert_allclose(levels.std(0), stock_levels.std(0), atol=1.5)
    assert abs(np.corrcoef(levels[:-1, 0], levels[1:, 0])[0, 1]) < .05, 'neighbours are independent'
