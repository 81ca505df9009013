"""Frames from bytes to pixels."""
import logging

import cv2
import numpy as np
from mmengine.logging import print_log

from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.registry import TRANSFORMS

POLICIES = ('error', 'drop', 'black')


@TRANSFORMS.register_module()
class DecodeFrames:
    """Decode, resize the short side, crop a square: ``frames``, encoded, to ``(T, 3, S, S)`` uint8, RGB.

    All frames of a video are cropped and flipped alike.

    Args:
        size: Side S of the crop.
        resize: Short side before it; frames of just this side are left alone.
        crop: ``center``, or in training ``random``.
        flip: Chance to mirror a video.
        broken: What a frame is that does not decode: an ``error``, left out
            (``drop``) or ``black``.

    Raises:
        ConfigError: If a setting is out of range.
    """

    def __init__(self, size: int = 224, resize: int = 256, crop: str = 'center', flip: float = 0.,
                 broken: str = 'error'):
        if not 0 < size <= resize or not 0 <= flip <= 1:
            raise ConfigError(fault('DecodeFrames', 'size, resize, flip', 'above 0, not below it, and in [0, 1]',
                                    (size, resize, flip), 'Correct the config.'))
        if crop not in ('center', 'random') or broken not in POLICIES:
            raise ConfigError(fault('DecodeFrames', 'crop, broken', f'`center` or `random`, one of {POLICIES}',
                                    (crop, broken), 'Correct the config.'))
        self.size, self.resize, self.crop, self.flip, self.broken = size, resize, crop, flip, broken

    def __call__(self, results: dict) -> dict:
        place = np.random.random(2) if self.crop == 'random' else np.full(2, .5)
        mirror = self.flip > 0 and np.random.random() < self.flip
        found = []
        for name, data in results['frames']:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
            if image is None:
                image = self._instead(f'{results.get("sample_id", "sample")}, {name}')
            if image is not None:
                image = self._cropped(image, place)[:, :, ::-1]
                found.append((image[:, ::-1] if mirror else image).transpose(2, 0, 1))
        results['frames'] = np.stack(found) if found else np.empty((0, 3, self.size, self.size), np.uint8)
        return results

    def _cropped(self, image: np.ndarray, place: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        if min(height, width) != self.resize:
            scale = self.resize / min(height, width)
            height, width = (max(self.resize, round(side * scale)) for side in (height, width))
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            image = cv2.resize(image, (width, height), interpolation=way)
        top, left = ((np.array([height, width]) - self.size) * place).round().astype(int)
        return image[top:top + self.size, left:left + self.size]

    def _instead(self, name: str) -> np.ndarray | None:
        """What stands for a frame that does not decode."""
        if self.broken == 'error':
            raise DataError(f'{name}: the frame does not decode. Mend it, or set `broken=\'drop\'` or `\'black\'`.')
        print_log(f'{name}: the frame does not decode', 'current', logging.WARNING)
        return np.zeros((self.resize, self.resize, 3), np.uint8) if self.broken == 'black' else None
