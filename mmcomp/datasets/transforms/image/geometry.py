"""Affine moves of images: what ``cv2.warpAffine`` gives, faster where rows or columns only slide."""
import cv2
import numpy as np

NEAREST, BICUBIC = cv2.INTER_NEAREST, cv2.INTER_CUBIC
ROWS_AT_ONCE = 16


def cubic_weights(part: np.ndarray) -> np.ndarray:
    """Weights of the pixels at -1, 0, 1 and 2 for points ``part`` in [0, 1) between 0 and 1, ``(N, 4)``.

    Keys' cubic convolution with a = -0.75, as OpenCV has it.
    """
    a, distance = -.75, np.abs(np.asarray(part)[:, None] - np.arange(-1, 3))
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, far).astype(np.float32)


def slide_rows(image: np.ndarray, offset: np.ndarray, interpolation: int, pad: tuple) -> np.ndarray:
    """Each row of ``out`` is read from ``offset[row]`` pixels further right.

    Args:
        image: ``(H, W, 3)`` uint8.
        offset: ``(H,)`` pixels, not whole for the bicubic way.
        interpolation: ``NEAREST`` or ``BICUBIC``.
        pad: Values of what lies outside, a channel each.
    """
    height, width, channels = image.shape
    first = np.rint(offset) if interpolation == NEAREST else np.floor(offset) - 1
    first = np.clip(first, -width - 3, width).astype(np.int64)
    taps = 0 if interpolation == NEAREST else 3
    left, right = max(-int(first.min()), 0), max(int(first.max()) + taps, 0)
    padded = cv2.copyMakeBorder(image, 0, 0, left, right, cv2.BORDER_CONSTANT, value=pad)
    starts = (np.arange(height) * padded.shape[1] + first + left) * channels
    read = (width + taps) * channels
    rows = np.lib.stride_tricks.as_strided(padded, (padded.size - read + 1, read), (1, 1))[starts]
    if interpolation == NEAREST:
        return rows.reshape(image.shape)
    return _blend_taps(rows, cubic_weights(offset - np.floor(offset)), channels).reshape(image.shape)


def _blend_taps(rows: np.ndarray, weights: np.ndarray, step: int) -> np.ndarray:
    """Sums of four neighbours a ``step`` apart, rounded: ``(H, N - 3 * step)`` from ``(H, N)`` uint8."""
    height, size = rows.shape[0], rows.shape[1] - 3 * step
    out = np.empty((height, size), np.uint8)
    # Small blocks stay in the cache, and large temporaries would be given back to the system and asked for every time.
    for at in range(0, height, ROWS_AT_ONCE):
        block = rows[at:at + ROWS_AT_ONCE].astype(np.float32)
        down, right = block.strides
        taps = np.lib.stride_tricks.as_strided(block, (len(block), 4, size), (down, step * right, right))
        sums = np.einsum('ri,rix->rx', weights[at:at + ROWS_AT_ONCE], taps)
        cv2.convertScaleAbs(np.maximum(sums, 0, out=sums), out[at:at + ROWS_AT_ONCE])
    return out


def warp(image: np.ndarray, matrix: np.ndarray, interpolation: int, pad: tuple) -> np.ndarray:
    """Move an image ``(H, W, 3)`` uint8 by a forward matrix ``(2, 3)``; what comes into view is ``pad``."""
    (a, shear_x, right), (shear_y, d, down) = matrix
    if a == d == 1 and shear_x * shear_y == 0 and _slides(shear_x or shear_y, right or down, interpolation):
        if shear_y == down == 0:
            return slide_rows(image, -(shear_x * np.arange(len(image)) + right), interpolation, pad)
        if shear_x == right == 0:
            return cv2.transpose(warp(cv2.transpose(image), matrix[::-1, [1, 0, 2]], interpolation, pad))
    return cv2.warpAffine(image, matrix, image.shape[1::-1], flags=interpolation, borderValue=pad)


def _slides(lean: float, offset: float, interpolation: int) -> bool:
    """Whether the way of reading rows is known to give cv2's pixels."""
    half_way = abs(offset % 1 - .5) < .001  # whether it is up or down then is cv2's own business
    return interpolation == BICUBIC or interpolation == NEAREST and lean == 0 and not half_way


def joined(matrix: np.ndarray, first: np.ndarray) -> np.ndarray:
    """One move for ``first`` and then ``matrix``, both ``(2, 3)``."""
    return matrix[:, :2] @ first + np.column_stack([np.zeros((2, 2)), matrix[:, 2]])
