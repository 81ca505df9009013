"""A linear classifier with dropout and sample weights."""
from mmpretrain.models.heads import ClsHead

from mmcomp.registry import MODELS

from .dropout_linear import DropoutLinearMixin


@MODELS.register_module()
class DropoutLinearHead(DropoutLinearMixin, ClsHead):
    """One class a sample: dropout, linear layer, softmax.

    Args:
        num_classes: Number of classes C.
        in_channels: Width of the features.
        dropout: Share of features dropped in training.
        dropout_samples: Masks a step; see :class:`DropoutLinearMixin`.
        **kwargs: Arguments of ``ClsHead``: ``loss``, ``topk``, ``cal_acc``, ``init_cfg``.
    """

    def __init__(self, num_classes: int, in_channels: int, dropout: float = 0.1, dropout_samples: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.init_linear(num_classes, in_channels, dropout, dropout_samples)
