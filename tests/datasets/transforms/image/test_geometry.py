import cv2
import numpy as np
import pytest

from mmcomp.datasets.transforms.image.geometry import BICUBIC, NEAREST, cubic_weights, joined, slide_rows, warp

NOISE = np.random.default_rng(0).integers(0, 256, (50, 41, 3), dtype=np.uint8)
PAD = (104, 116, 124)


def warped(matrix, interpolation):
    return cv2.warpAffine(NOISE, matrix, NOISE.shape[1::-1], flags=interpolation, borderValue=PAD).astype(int)


@pytest.mark.parametrize('interpolation', [NEAREST, BICUBIC, cv2.INTER_LINEAR])
def test_moves_are_those_of_cv2(interpolation):
    rng = np.random.default_rng(1)
    for _ in range(40):
        lean, by = rng.uniform(-1, 1), rng.uniform(-60, 60)
        for matrix in ([[1, lean, 0], [0, 1, 0]], [[1, 0, 0], [lean, 1, 0]], [[1, lean, by], [0, 1, 0]],
                       [[1, 0, by], [0, 1, 0]], [[1, 0, 0], [0, 1, by]], [[1, 0, by], [0, 1, 2 * by]],
                       [[1, lean, 0], [.5, 1, by]], [[.9, lean, 0], [0, 1, 0]]):
            matrix = np.float64(np.float32(matrix))
            assert np.abs(warp(NOISE, matrix, interpolation, PAD) - warped(matrix, interpolation)).max() <= 1, matrix


def test_rows_slide_as_told():
    got = slide_rows(NOISE, np.arange(50) - 25., NEAREST, PAD)
    for row, offset in enumerate(range(-25, 25)):
        for column in range(41):
            inside = 0 <= column + offset < 41
            assert tuple(got[row, column]) == (tuple(NOISE[row, column + offset]) if inside else PAD)
    assert (slide_rows(NOISE, np.full(50, 1e6), NEAREST, PAD) == PAD).all()
    np.testing.assert_array_equal(slide_rows(NOISE, np.zeros(50), BICUBIC, PAD), NOISE)


def test_weights_reproduce_lines_and_pixels():
    parts = np.linspace(0, 1, 50, endpoint=False)
    weights = cubic_weights(parts)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(weights[0], [0, 1, 0, 0], atol=1e-7)
    np.testing.assert_allclose(weights[25], [-.09375, .59375, .59375, -.09375], atol=1e-6)


def test_joined_is_one_after_the_other():
    first, second = np.random.default_rng(0).normal(size=(2, 2, 3))
    point = np.array([.3, -2, 1])
    np.testing.assert_allclose(joined(second, first) @ point, second @ [*(first @ point), 1])
