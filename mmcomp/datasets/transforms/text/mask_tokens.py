"""Word dropout."""
import numpy as np

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import TRANSFORMS


@TRANSFORMS.register_module()
class MaskTokens:
    """Replace tokens at random, so that a small model does not hang on single words.

    Takes and returns ``tokens`` ``(L,)`` int32; the first and the last, where
    BERT has ``[CLS]`` and ``[SEP]``, stay. For training pipelines.

    Args:
        mask_id: What stands for a token that is taken out.
        share: Chance of each token to be.

    Raises:
        ConfigError: If the share is out of [0, 1].
    """

    def __init__(self, mask_id: int, share: float = .1):
        if not 0 <= share <= 1:
            raise ConfigError(fault('MaskTokens', 'share', 'in [0, 1]', share, 'Correct the config.'))
        self.mask_id, self.share = mask_id, share

    def __call__(self, results: dict) -> dict:
        out = np.random.random(len(results['tokens'])) < self.share
        out[[0, -1]] = False
        results['tokens'] = np.where(out, np.int32(self.mask_id), results['tokens'])
        return results
