"""mmcv's LoadImageFromFile, faster."""
from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import LoadImageFromFile

from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.registry import TRANSFORMS

from .jpeg import REDUCED, jpeg_size, reduction


@TRANSFORMS.register_module()
class FastLoadImageFromFile(LoadImageFromFile):
    """mmcv's ``LoadImageFromFile``: the same pixels, read from the file in one go; large JPEG files reduced if asked.

    Args:
        reduce_to: ``(width, height)`` that the pipeline resizes to, or one number for both. A JPEG
            of at least twice, four or eight times that size is decoded at a half,
            a quarter or an eighth of its own, never below ``reduce_to``; the pixels are not
            those of the stock transform then. ``ori_shape`` stays the full size.
        **kwargs: As of mmcv's ``LoadImageFromFile``; with any of them given, mmcv's own code loads the image.

    Raises:
        ConfigError: If a size is not positive, or given with other arguments.
        DataError: If a file does not decode.
    """

    def __init__(self, reduce_to: int | Sequence[int] | None = None, **kwargs):
        super().__init__(**kwargs)
        sides = (reduce_to, reduce_to) if isinstance(reduce_to, int) else reduce_to
        if sides is not None and (kwargs or len(sides) != 2 or min(sides) < 1):
            raise ConfigError(fault('FastLoadImageFromFile', 'reduce_to', 'a positive size, and the only argument',
                                    reduce_to, 'Correct the config.'))
        self.reduce_to, self._plain = sides, not kwargs

    def transform(self, results: dict) -> dict | None:
        path = str(results['img_path'])
        if not self._plain or '://' in path:
            return super().transform(results)
        data = np.fromfile(path, np.uint8)
        size = jpeg_size(data) if self.reduce_to else None
        by = reduction(size, self.reduce_to) if size else 1
        image = cv2.imdecode(data, REDUCED.get(by, cv2.IMREAD_COLOR)) if len(data) else None
        if image is None:
            raise DataError(f'{path}: no image can be decoded from this file. Mend it, or set '
                            "`on_bad_image='skip', check='decode'` in the data set.")
        shape = image.shape[:2]
        full = shape if by == 1 else size[::-1] if shape == tuple(-(-side // by) for side in size[::-1]) else size
        results.update(img=image, img_shape=shape, ori_shape=full)
        return results
