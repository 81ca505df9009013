"""mmcv's and mmpretrain's resizing by Pillow, faster."""
import numpy as np
import torch
from mmcv.transforms import Resize
from mmpretrain.datasets import RandomResizedCrop, ResizeEdge
from torch.nn.functional import interpolate

from mmcomp.registry import TRANSFORMS


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize ``(H, W, 3)`` uint8 to ``(width, height)`` bilinearly, with a filter as wide as the reduction.

    Within one level of Pillow's ``resize``, by torch on the array itself.
    """
    if image.shape[1::-1] == tuple(size):
        return image.copy()
    pixels = torch.from_numpy(np.ascontiguousarray(image)).view(1, *image.shape).permute(0, 3, 1, 2)
    return interpolate(pixels, size[::-1], mode='bilinear', antialias=True)[0].permute(1, 2, 0).numpy()


def resizes_alike(image: np.ndarray, backend: str, interpolation: str) -> bool:
    """Whether :func:`resize` can stand for ``mmcv.imresize``."""
    # torch's bicubic is up to 17 levels off where light and dark pixels alternate.
    alike = (backend, interpolation) == ('pillow', 'bilinear')
    return alike and image.dtype == np.uint8 and image.shape[2:] == (3, )


@TRANSFORMS.register_module()
class FastResize(Resize):
    """mmcv's ``Resize``: within one level of it, for ``backend='pillow'`` and bilinear interpolation.

    Other backends and interpolations, ``keep_ratio`` and images that are not
    ``(H, W, 3)`` uint8 go through mmcv's own code. Arguments are mmcv's.
    """

    def _resize_img(self, results: dict) -> None:
        image = results['img']
        if self.keep_ratio or not resizes_alike(image, self.backend, self.interpolation):
            return super()._resize_img(results)
        width, height = results['scale']
        results.update(
            img=resize(image, (width, height)), img_shape=(height, width), keep_ratio=False,
            scale_factor=(width / image.shape[1], height / image.shape[0]))


@TRANSFORMS.register_module()
class FastResizeEdge(ResizeEdge):
    """mmpretrain's ``ResizeEdge``, as :class:`FastResize` is mmcv's ``Resize``."""

    def _resize_img(self, results: dict) -> None:
        image = results['img']
        if not resizes_alike(image, self.backend, self.interpolation):
            return super()._resize_img(results)
        width, height = results['scale']
        results.update(img=resize(image, (width, height)), img_shape=(height, width),
                       scale_factor=(width / image.shape[1], height / image.shape[0]))


@TRANSFORMS.register_module()
class FastRandomResizedCrop(RandomResizedCrop):
    """mmpretrain's ``RandomResizedCrop``: the same random crops, resized as :class:`FastResize` does."""

    def transform(self, results: dict) -> dict:
        image = results['img']
        if not resizes_alike(image, self.backend, self.interpolation):
            return super().transform(results)
        top, left, height, width = self.rand_crop_params(image)
        crop = image[top:top + height, left:left + width]
        results['img'] = resize(crop, tuple(self.scale[::-1]))
        results['img_shape'] = results['img'].shape
        return results
