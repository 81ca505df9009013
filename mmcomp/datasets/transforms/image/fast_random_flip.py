"""mmcv's RandomFlip, faster for what follows it."""
import cv2
from mmcv.transforms import RandomFlip

from mmcomp.registry import TRANSFORMS

AXES = {'horizontal': 1, 'vertical': 0, 'diagonal': -1}
OTHERS = ('gt_bboxes', 'gt_keypoints', 'gt_seg_map')


@TRANSFORMS.register_module()
class FastRandomFlip(RandomFlip):
    """mmcv's ``RandomFlip``: the same pixels, laid out in memory so that what follows needs no copy.

    mmcv's own flipped image is a view that is read backwards. Arguments are mmcv's.
    """

    def _flip(self, results: dict) -> None:
        if any(results.get(key) is not None for key in OTHERS):
            return super()._flip(results)
        results['img'] = cv2.flip(results['img'], AXES[results['flip_direction']])
