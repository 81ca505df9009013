import cv2
import numpy as np

from mmcomp.visualization.road_chart import draw_road


def test_more_steps_leave_more_ink(tmp_path):
    """The picture opens, and shows the steps it was given."""
    labels, even = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    steps = [('start', .5, .02), ('cleaned', .6, .02), ('ensemble', .7, .02)]
    images = []
    for n in (1, 3):
        draw_road(steps[:n], labels, even, 2, tmp_path / f'{n}.png')
        images.append(cv2.imread(str(tmp_path / f'{n}.png')))
    assert images[0].shape == images[1].shape and images[0].shape[1] > 1000
    left = [image[:, :image.shape[1] // 2] for image in images]
    assert (left[0] != left[1]).any()
