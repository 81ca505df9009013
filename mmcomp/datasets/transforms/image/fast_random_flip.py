"""mmcv's RandomFlip, faster for what follows it."""
import cv2
import numpy as np
from mmcv.transforms import RandomFlip
from mmcv.transforms.utils import cache_randomness

from mmcomp.registry import TRANSFORMS

AXES = {'horizontal': 1, 'vertical': 0, 'diagonal': -1}
OTHERS = ('gt_bboxes', 'gt_keypoints', 'gt_seg_map')


@TRANSFORMS.register_module()
class FastRandomFlip(RandomFlip):
    """mmcv's ``RandomFlip``: the same pixels, laid out in memory so that what follows needs no copy.

    mmcv's own flipped image is a view that is read backwards. Arguments are mmcv's.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        directions = [self.direction] if isinstance(self.direction, str) else list(self.direction)
        parts = self.prob if isinstance(self.prob, list) else [self.prob / len(directions)] * len(directions)
        self._directions, bounds = [*directions, None], np.cumsum([*parts, 1 - sum(parts)])
        self._bounds = bounds / bounds[-1]

    @cache_randomness
    def _choose_direction(self) -> str | None:
        """One number against running sums: what ``np.random.choice`` draws, without its checks."""
        return self._directions[np.searchsorted(self._bounds, np.random.random(), side='right')]

    def _flip(self, results: dict) -> None:
        if any(results.get(key) is not None for key in OTHERS):
            return super()._flip(results)
        results['img'] = cv2.flip(results['img'], AXES[results['flip_direction']])
