"""Grey-level tables: operations that map each level of a channel to another one, whatever its place.

Tables are ``(256,)`` for all channels or ``(3, 256)``, uint8, and give what mmcv
computes pixel by pixel.
"""
import cv2
import numpy as np

LEVELS = np.arange(256)
INVERSE = LEVELS[::-1].astype(np.uint8)
# Of blue, green and red, as cv2 makes an image grey.
GREY_WEIGHTS = np.array([.114, .587, .299])


class Levels:
    """What tables are made from: the levels of an image ``(H, W, 3)``, BGR uint8.

    Args:
        image: The image.
        table: It was looked up here before; the answers are those of the looked-up
            image, the grey mean within one level.
    """

    def __init__(self, image: np.ndarray, table: np.ndarray | None = None):
        self.image, self.table = image, table

    def histogram(self) -> np.ndarray:
        """How often each level is met in each channel, ``(3, 256)`` integers."""
        planes = cv2.split(self.image)
        counts = np.stack([cv2.calcHist([p], [0], None, [256], [0, 256]).ravel() for p in planes]).astype(np.int64)
        if self.table is None:
            return counts
        tables = np.broadcast_to(self.table, (3, 256))
        return np.stack([np.bincount(t, c, 256) for t, c in zip(tables, counts)]).astype(np.int64)

    def grey_mean(self) -> int:
        """Mean level of the grey image, rounded."""
        if self.table is None:
            grey = cv2.cvtColor(self.image, cv2.COLOR_BGR2GRAY)
            return round(cv2.sumElems(grey)[0] / grey.size)
        counts = self.histogram()
        return round(float(GREY_WEIGHTS @ (counts @ LEVELS) / counts[0].sum()))


def auto_contrast_table(histogram: np.ndarray) -> np.ndarray:
    """Stretch each channel's levels to 0…255; a channel of one level stays. ``(3, 256)`` from ``(3, 256)``."""
    def table(counts):
        low, high = np.flatnonzero(counts)[[0, -1]]
        if low == high:
            return LEVELS
        scale = 255. / (high - low)
        return np.clip(LEVELS * scale - low * scale, 0, 255)

    return np.stack([table(counts) for counts in histogram]).astype(np.uint8)


def equalize_table(histogram: np.ndarray) -> np.ndarray:
    """Make the levels of each channel about equally frequent. ``(3, 256)`` from ``(3, 256)``."""
    def table(counts):
        step = (counts.sum() - counts[np.flatnonzero(counts)[-1]]) // 255
        if step == 0:
            return LEVELS
        # Whole numbers, as Pillow has it; level 0 stays.
        return np.minimum((np.cumsum(counts) - counts + step // 2) // step, 255) * (LEVELS > 0)

    return np.stack([table(counts) for counts in histogram]).astype(np.uint8)


def solarize_table(threshold: float) -> np.ndarray:
    """Invert what is at least the threshold."""
    return np.where(LEVELS < threshold, LEVELS, 255 - LEVELS).astype(np.uint8)


def solarize_add_table(amount: float, threshold: float) -> np.ndarray:
    """Brighten what is below the threshold; as in the stock operation, a whole amount wraps beyond 255."""
    levels = LEVELS.astype(np.uint8)
    return np.where(levels < threshold, np.minimum(levels + amount, 255), levels).astype(np.uint8)


def posterize_table(bits: int) -> np.ndarray:
    """Keep the highest ``bits`` of the eight."""
    return (LEVELS >> (8 - bits) << (8 - bits)).astype(np.uint8)


def blend_table(factor: float, level: int) -> np.ndarray:
    """Away from a level for a factor above 1, towards it below: brightness (level 0) and contrast (mean level)."""
    own, other = np.float32(LEVELS)[None], np.full((1, 256), level, np.float32)
    return np.clip(cv2.addWeighted(own, factor, other, 1 - factor, 0), 0, 255).astype(np.uint8)[0]


def look_up(image: np.ndarray, table: np.ndarray) -> np.ndarray:
    """``table[image]``, channel by channel: ``(H, W, 3)`` uint8."""
    return cv2.LUT(image, table if table.ndim == 1 else np.ascontiguousarray(table.T)[None])


def after(table: np.ndarray, first: np.ndarray | None) -> np.ndarray:
    """One table for ``first`` and then ``table``."""
    if first is None:
        return table
    table, first = np.broadcast_to(table, (3, 256)), np.broadcast_to(first, (3, 256))
    return np.take_along_axis(table, first.astype(np.intp), axis=1)
