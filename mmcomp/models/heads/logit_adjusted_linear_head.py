"""A linear classifier that can subtract the training prior when it predicts."""
from mmpretrain.models.heads import LinearClsHead

from mmcomp.registry import MODELS

from .logit_adjustment import LogitAdjustmentMixin


@MODELS.register_module()
class LogitAdjustedLinearHead(LogitAdjustmentMixin, LinearClsHead):
    """mmpretrain's ``LinearClsHead`` with logit adjustment at test time.

    Until ``logit_adjustment_tau`` is set (``tools/test.py --lt``) it equals
    ``LinearClsHead``, whose checkpoints it loads. For the adjustment inside
    the loss give it ``loss=dict(type='LogitAdjustedLoss', …)`` instead, not both.

    Args:
        num_classes: Number of classes C.
        in_channels: Width of the features.
        **kwargs: Arguments of ``LinearClsHead``: ``loss``, ``topk``,
            ``cal_acc``, ``init_cfg``.
    """

    def __init__(self, num_classes: int, in_channels: int, **kwargs):
        super().__init__(num_classes, in_channels, **kwargs)
        self.init_class_counts(num_classes)
