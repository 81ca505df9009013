"""Several yes-or-no questions about a sample."""
from mmpretrain.models.heads import MultiLabelClsHead

from mmcomp.registry import MODELS

from .dropout_linear import DropoutLinearMixin


@MODELS.register_module()
class BinaryTasksHead(DropoutLinearMixin, MultiLabelClsHead):
    """A probability for each of T tasks: dropout, linear layer, sigmoid.

    Targets are the samples' ``gt_score (T,)``, shares in [0, 1].

    Args:
        num_classes: Number of tasks T.
        in_channels: Width of the features.
        dropout: Share of features dropped in training.
        dropout_samples: Masks a step; see :class:`DropoutLinearMixin`.
        loss: Config of the loss on logits and targets ``(B, T)``.
        **kwargs: Arguments of ``MultiLabelClsHead``: ``thr``, ``topk``, ``init_cfg``.
    """

    def __init__(self, num_classes: int, in_channels: int, dropout: float = 0.1, dropout_samples: int = 1,
                 loss: dict | None = None, **kwargs):
        super().__init__(loss=loss or dict(type='WeightedMultiTaskBCELoss'), **kwargs)
        self.init_linear(num_classes, in_channels, dropout, dropout_samples)
