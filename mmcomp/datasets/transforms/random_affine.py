"""One small rotation, shift, scaling and shear of an image, in one interpolation."""
import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import TRANSFORMS


def affine_matrix(height: int, width: int, angle_rad: float, scale: float, shear_rad: float,
                  shift: tuple[float, float]) -> np.ndarray:
    """Where a pixel ``(x, y)`` goes: sheared along x, scaled, turned clockwise about the centre, then shifted.

    Args:
        height: Of the image, in pixels.
        width: Of the image, in pixels.
        angle_rad: Of the turn; clockwise, for y points down.
        scale: Factor of all lengths.
        shear_rad: Lean of vertical lines.
        shift: Along x and y, as parts of width and height.

    Returns:
        ``(2, 3)`` float64, as ``cv2.warpAffine`` takes it.
    """
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    linear = scale * np.array([[cos, -sin], [sin, cos]]) @ [[1, np.tan(shear_rad)], [0, 1]]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    moved = centre - linear @ centre + np.multiply(shift, (width, height))
    return np.column_stack([linear, moved])


@TRANSFORMS.register_module()
class RandomAffine(BaseTransform):
    """Turn, shift, scale and shear an image at random, each evenly within its range.

    Does in one bilinear interpolation what a chain of mmpretrain's ``Rotate``,
    ``Translate`` and ``Shear`` does in three, so thin strokes stay sharp. No
    mirror image: fit for characters.

    Args:
        max_angle_deg: Turn by up to so many degrees either way.
        max_shift: Move by up to this part of each side either way.
        scale_range: Lowest and highest factor.
        max_shear_deg: Lean by up to so many degrees either way.
        pad_val: Value of the pixels that come into view.

    Raises:
        ConfigError: If a range is empty or out of bounds.
    """

    def __init__(self, max_angle_deg: float = 15., max_shift: float = .1, scale_range: tuple = (.9, 1.1),
                 max_shear_deg: float = 10., pad_val: float = 0.):
        low, high = scale_range
        if not (0 <= max_angle_deg <= 180 and 0 <= max_shift < 1 and 0 < low <= high and 0 <= max_shear_deg < 90):
            raise ConfigError(fault(
                'RandomAffine', 'max_angle_deg, max_shift, scale_range, max_shear_deg',
                'in [0, 180], [0, 1), positive and rising, [0, 90)',
                (max_angle_deg, max_shift, scale_range, max_shear_deg), 'Correct them in the config.'))
        self.limits = np.array([np.deg2rad(max_angle_deg), np.deg2rad(max_shear_deg), max_shift, max_shift])
        self.scale_range, self.pad_val = (low, high), pad_val

    @cache_randomness
    def draw(self) -> tuple[np.ndarray, float]:
        """Angle, shear and shifts, and the factor of one image."""
        return np.random.uniform(-self.limits, self.limits), np.random.uniform(*self.scale_range)

    def transform(self, results: dict) -> dict:
        image = results['img']
        (angle, shear, *shift), scale = self.draw()
        matrix = affine_matrix(*image.shape[:2], angle, scale, shear, shift)
        border = (self.pad_val, ) * 4
        results['img'] = cv2.warpAffine(image, matrix, image.shape[1::-1], flags=cv2.INTER_LINEAR, borderValue=border)
        return results
