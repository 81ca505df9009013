"""Balanced softmax: logit adjustment in the loss at full strength."""
from mmcomp.registry import MODELS

from .logit_adjusted_loss import LogitAdjustedLoss


@MODELS.register_module()
class BalancedSoftmaxLoss(LogitAdjustedLoss):
    """Balanced softmax cross entropy (Ren et al., 2020).

    ``-log(n_y e^z_y / sum_j n_j e^z_j)`` for class counts ``n``: the same
    formula as :class:`LogitAdjustedLoss` with ``tau = 1``.

    Args:
        num_classes: Number of classes C.
        loss_weight: Factor of the loss.
    """

    def __init__(self, num_classes: int, loss_weight: float = 1.0):
        super().__init__(num_classes, tau=1.0, loss_weight=loss_weight)
