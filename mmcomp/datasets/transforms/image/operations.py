"""What each operation of mmpretrain's RandAugment does, as a move, a table or a filter of an image."""
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from mmcv.image.geometric import cv2_interp_codes
from mmpretrain.datasets.transforms import auto_augment as stock

from .geometry import warp
from .levels import (
    INVERSE,
    Levels,
    auto_contrast_table,
    blend_table,
    equalize_table,
    look_up,
    posterize_table,
    solarize_add_table,
    solarize_table,
)

SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
# Stock takes the whole part of a float32; a hair less than half keeps whole numbers whole.
TRUNCATION = -.499


@dataclass(frozen=True)
class Warp:
    """A move: forward matrix ``(2, 3)``, interpolation code and values of what comes into view."""
    matrix: np.ndarray
    interpolation: int
    pad: tuple

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return warp(image, self.matrix, self.interpolation, self.pad)


@dataclass(frozen=True)
class Table:
    """A map of grey levels, made from those that the image has."""
    make: Callable[[Levels], np.ndarray]

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return look_up(image, self.make(Levels(image)))


# Anything else is a function from image to image.
Operation = Warp | Table | Callable[[np.ndarray], np.ndarray]


def adjust_color(image: np.ndarray, factor: float) -> np.ndarray:
    """Away from the grey image for a factor above 1, towards it below."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return cv2.addWeighted(image, factor, grey, 1 - factor, 0)


def adjust_sharpness(image: np.ndarray, factor: float) -> np.ndarray:
    """Away from the smoothed image for a factor above 1, towards it below."""
    return cv2.addWeighted(image, factor, cv2.filter2D(image, -1, SMOOTH), 1 - factor, TRUNCATION)


def drawn_operation(op: stock.BaseAugTransform, shape: tuple) -> Operation | None:
    """What a stock transform would do to the next image of this shape; None if nothing.

    Draws the same random numbers in the same order as the transform.

    Args:
        op: A transform that :func:`is_known`.
        shape: Of the image, ``(H, W, 3)``.
    """
    if _draw(op, 'random_disable'):
        return None
    attribute, signed, operation = OPERATIONS[type(op)]
    value = getattr(op, attribute, None)
    if attribute and value is None:
        value = _draw(op, 'random_magnitude')
    return operation(op, _draw(op, 'random_negative', value) if signed else value, shape)


def _draw(op: stock.BaseAugTransform, method: str, *args):
    """What a random method of the transform gives.

    mmcv's wrapper of such methods, which copies itself at every call, is for several images that share their
    numbers; it is passed by unless one of these is being made.
    """
    if getattr(op, '_cache_enabled', False):
        return getattr(op, method)(*args)
    return vars(stock.BaseAugTransform)[method].func(op, *args)


def is_known(op) -> bool:
    """Whether :func:`drawn_operation` can stand for a transform."""
    return type(op) in OPERATIONS


def _warp(op, matrix, shape) -> Warp:
    pad = op.pad_val if isinstance(op.pad_val, tuple) else (op.pad_val, ) * 3
    return Warp(np.asarray(matrix, np.float64), cv2_interp_codes[op.interpolation], pad)


def _shear(op, lean, shape) -> Warp:
    lean = np.float32(lean)
    return _warp(op, [[1, lean, 0], [0, 1, 0]] if op.direction == 'horizontal' else [[1, 0, 0], [lean, 1, 0]], shape)


def _translate(op, part, shape) -> Warp:
    across = op.direction == 'horizontal'
    offset = np.float32(part * shape[across])
    return _warp(op, [[1, 0, offset if across else 0], [0, 1, 0 if across else offset]], shape)


def _rotate(op, angle, shape) -> Warp:
    height, width = shape[:2]
    centre = op.center if op.center is not None else ((width - 1) * .5, (height - 1) * .5)
    operation = _warp(op, cv2.getRotationMatrix2D(centre, -angle, op.scale), shape)
    # Stock hands one number over as it is, and cv2 pads the channels after the first with 0.
    return Warp(operation.matrix, operation.interpolation, op.pad_val)


# For each: the attribute with a fixed magnitude, whether it is negated at random, and what it does.
OPERATIONS = {
    stock.AutoContrast: ('', False, lambda op, v, shape: Table(lambda of: auto_contrast_table(of.histogram()))),
    stock.Equalize: ('', False, lambda op, v, shape: Table(lambda of: equalize_table(of.histogram()))),
    stock.Invert: ('', False, lambda op, v, shape: Table(lambda of: INVERSE)),
    stock.Posterize: ('bits', False, lambda op, v, shape: Table(lambda of: posterize_table(ceil(v)))),
    stock.Solarize: ('thr', False, lambda op, v, shape: Table(lambda of: solarize_table(v))),
    stock.SolarizeAdd: ('magnitude', False, lambda op, v, shape: Table(lambda of: solarize_add_table(v, op.thr))),
    stock.Brightness: ('magnitude', True, lambda op, v, shape: Table(lambda of: blend_table(1 + v, 0))),
    stock.Contrast: ('magnitude', True, lambda op, v, shape: Table(lambda of: blend_table(1 + v, of.grey_mean()))),
    stock.ColorTransform: ('magnitude', True, lambda op, v, shape: lambda image: adjust_color(image, 1 + v)),
    stock.Sharpness: ('magnitude', True, lambda op, v, shape: lambda image: adjust_sharpness(image, 1 + v)),
    stock.Shear: ('magnitude', True, _shear),
    stock.Translate: ('magnitude', True, _translate),
    stock.Rotate: ('angle', True, _rotate),
}
