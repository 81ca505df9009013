"""Frames from bytes."""
import cv2
import numpy as np
import pytest

from mmcomp.errors import ConfigError, DataError
from mmcomp.registry import TRANSFORMS


def png(image):
    return cv2.imencode('.png', image)[1].tobytes()


def made(**kwargs):
    return TRANSFORMS.build(dict(type='DecodeFrames', **kwargs))


def test_the_middle_of_each_frame_in_rgb():
    image = np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8)
    found = made(size=4, resize=8)(dict(frames=[('a', png(image)), ('b', png(image[::-1]))]))['frames']
    assert found.dtype == np.uint8 and found.shape == (2, 3, 4, 4)
    assert np.array_equal(found[0], image[2:6, 4:8, ::-1].transpose(2, 0, 1))


def test_the_short_side_is_resized():
    frames = [('a', png(np.full((10, 30, 3), (0, 0, 200), np.uint8)))]
    found = made(size=5, resize=5)(dict(frames=frames))['frames']
    assert found.shape == (1, 3, 5, 5) and (found[0, 0] == 200).all() and not found[0, 1:].any()


def test_frames_of_a_video_are_cropped_alike():
    image, transform = np.random.default_rng(1).integers(0, 256, (9, 9, 3), np.uint8), made(
        size=4, resize=9, crop='random', flip=.5)
    np.random.seed(0)
    results = [transform(dict(frames=[('a', png(image))] * 2))['frames'] for _ in range(8)]
    assert all(np.array_equal(one, two) for one, two in results) and len({r.tobytes() for r in results}) > 4


def test_a_broken_frame():
    frames = [('a.jpg', png(np.ones((8, 8, 3), np.uint8))), ('b.jpg', b'not an image'), ('c.jpg', b'')]
    with pytest.raises(DataError, match='v7, b.jpg'):
        made(size=4, resize=8)(dict(frames=frames, sample_id='v7'))
    assert len(made(size=4, resize=8, broken='drop')(dict(frames=frames))['frames']) == 1
    black = made(size=4, resize=8, broken='black')(dict(frames=frames))['frames']
    assert len(black) == 3 and not black[1:].any() and black[0].all()
    assert made(size=4, resize=8)(dict(frames=[]))['frames'].shape == (0, 3, 4, 4)


def test_settings():
    for wrong in (dict(size=0), dict(size=300), dict(crop='left'), dict(broken='ignore'), dict(flip=2)):
        with pytest.raises(ConfigError):
            made(**wrong)
