import numpy as np
import pytest

from mmcomp.datasets.transforms.random_affine import affine_matrix
from mmcomp.errors import ConfigError
from mmcomp.registry import TRANSFORMS


def build(**kwargs):
    return TRANSFORMS.build(dict(type='RandomAffine', **kwargs))


def moved(image, **kwargs):
    return build(**kwargs)(dict(img=image.copy()))['img']


IMAGE = np.random.default_rng(0).integers(0, 255, (9, 9, 3), dtype=np.uint8)
STILL = dict(max_angle_deg=0, max_shift=0, scale_range=(1, 1), max_shear_deg=0)


def test_no_range_no_change():
    np.testing.assert_array_equal(moved(IMAGE, **STILL), IMAGE)


def test_a_quarter_turn_is_clockwise_and_a_shift_is_in_parts():
    point = np.array([8, 0, 1.])  # the corner at the upper right
    np.testing.assert_allclose(affine_matrix(9, 9, np.pi / 2, 1, 0, (0, 0)) @ point, [8, 8], atol=1e-9)
    np.testing.assert_allclose(affine_matrix(9, 9, 0, 1, 0, (1 / 3, -1 / 9)) @ point, [11, -1], atol=1e-9)
    np.testing.assert_allclose(affine_matrix(9, 9, 0, .5, 0, (0, 0)) @ point, [6, 2], atol=1e-9)


def test_shear_leans_vertical_lines_only():
    matrix = affine_matrix(9, 9, 0, 1, np.pi / 4, (0, 0))
    np.testing.assert_allclose(matrix @ [4, 4, 1], [4, 4], atol=1e-9, err_msg='the centre stays')
    np.testing.assert_allclose(matrix @ [4, 6, 1], [6, 6], atol=1e-9)
    np.testing.assert_allclose(matrix @ [5, 4, 1], [5, 4], atol=1e-9)


def test_draws_stay_in_range_and_repeat_with_the_seed():
    affine = build(max_angle_deg=20, max_shift=.1, scale_range=(.8, 1.5), max_shear_deg=5)
    np.random.seed(0)
    draws = [affine.draw() for _ in range(500)]
    parts, scales = np.array([d[0] for d in draws]), np.array([d[1] for d in draws])
    limits = np.array([np.pi / 9, np.pi / 36, .1, .1])
    assert (np.abs(parts) <= limits).all() and (np.abs(parts).max(axis=0) > .98 * limits).all()
    assert .8 <= scales.min() < .81 and 1.49 < scales.max() <= 1.5
    np.random.seed(7)
    first = moved(IMAGE)
    np.random.seed(7)
    np.testing.assert_array_equal(moved(IMAGE), first)
    assert first.shape == IMAGE.shape and first.dtype == np.uint8


def test_new_pixels_have_the_pad_value():
    smaller = moved(IMAGE, **{**STILL, 'scale_range': (.5, .5)}, pad_val=77)
    assert (smaller[0] == 77).all() and (smaller[:, -1] == 77).all() and (smaller[4, 4] == IMAGE[4, 4]).all()


@pytest.mark.parametrize('wrong', [dict(max_angle_deg=-1), dict(max_shift=1), dict(scale_range=(1.1, .9)),
                                   dict(max_shear_deg=90)])
def test_empty_ranges_are_refused(wrong):
    with pytest.raises(ConfigError, match='RandomAffine'):
        build(**wrong)
