"""mmpretrain's RandAugment, faster."""
import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmpretrain.datasets import RandAugment

from mmcomp.registry import TRANSFORMS

from .chain import Chain
from .operations import drawn_operation, is_known


@TRANSFORMS.register_module()
class FastRandAugment(RandAugment):
    """mmpretrain's ``RandAugment``: the same random numbers, the same operations, each within one grey level.

    Tables of 256 levels take the place of arithmetic on floats, and sheared images
    are read row by row. Operations that it doesn't know, and images that are not
    ``(H, W, 3)`` uint8, go through mmpretrain's own code.

    Args:
        compose: Join moves that follow each other in one bilinear warp, and tables
            in one look-up; not equal to the stock transform then, see
            :class:`~mmcomp.datasets.transforms.image.chain.Chain`.
        *args: As of mmpretrain's ``RandAugment``.
        **kwargs: As of mmpretrain's ``RandAugment``.
    """

    def __init__(self, *args, compose: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.compose = compose

    @cache_randomness
    def random_policy_indices(self) -> list[int]:
        """Which transforms: what ``np.random.choice`` draws, without its checks."""
        return np.random.randint(0, len(self.transforms), self.num_policies).tolist()

    def transform(self, results: dict) -> dict | None:
        image = results['img']
        if image.dtype != np.uint8 or image.shape[2:] != (3, ):
            return super().transform(results)
        chain = Chain(image)
        # Stock transforms draw their numbers when they run, one after the other; so it is done here.
        for op in [self.transforms[i] for i in self.random_policy_indices()]:
            if not is_known(op):
                results['img'] = chain.image
                results = op(results)
                if results is None:
                    return None
                chain = Chain(results['img'])
            elif operation := drawn_operation(op, image.shape):
                chain.add(operation)
                if not self.compose:
                    chain = Chain(chain.image)
        results['img'] = chain.image
        return results
