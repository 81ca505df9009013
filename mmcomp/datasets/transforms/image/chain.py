"""Operations joined: moves that follow each other in one warp, tables in one look-up."""
from dataclasses import dataclass

import cv2
import numpy as np

from .geometry import joined
from .levels import Levels, after, look_up
from .operations import Operation, Table, Warp


@dataclass(frozen=True)
class _LookUp:
    table: np.ndarray

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return look_up(image, self.table)


class Chain:
    """Puts each operation on an image off until one comes that it can't be joined with.

    Joined moves read the image once, bilinearly, so it is blurred once, and what
    the first one pushes out of the image and the second one back is kept.
    Joined tables differ where one of them needs the mean grey, by a level.

    Args:
        image: ``(H, W, 3)`` uint8, BGR; it is not changed.
    """

    def __init__(self, image: np.ndarray):
        self._image, self._waiting = image, None

    @property
    def image(self) -> np.ndarray:
        """The image with all that was put off done."""
        if self._waiting is not None:
            self._image, self._waiting = self._waiting(self._image), None
        return self._image

    def add(self, operation: Operation) -> None:
        """The next operation."""
        last = self._waiting
        if isinstance(operation, Warp) and isinstance(last, Warp) and operation.pad == last.pad:
            operation = Warp(joined(operation.matrix, last.matrix), cv2.INTER_LINEAR, last.pad)
        elif isinstance(operation, Table):
            seen = last.table if isinstance(last, _LookUp) else None
            image = self.image if seen is None else self._image
            operation = _LookUp(after(operation.make(Levels(image, seen)), seen))
        else:
            self._image = self.image
        self._waiting = operation
