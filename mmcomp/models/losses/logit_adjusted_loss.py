"""Cross entropy with the log prior of the classes added to the logits."""
import torch
import torch.nn.functional as F
from mmpretrain.models.losses.utils import weight_reduce_loss
from torch import nn

from mmcomp.models.class_counts import ClassCountsMixin, log_prior
from mmcomp.registry import MODELS


def prior_cross_entropy(logits: torch.Tensor, target: torch.Tensor, prior_log: torch.Tensor,
                        tau: float = 1.0) -> torch.Tensor:
    """Cross entropy of ``logits + tau * prior_log``, one value a sample, in float32.

    Args:
        logits: ``(B, C)``.
        target: Class indices ``(B,)`` or soft labels ``(B, C)``.
        prior_log: ``(C,)``, up to a constant.
        tau: Strength of the prior.
    """
    return F.cross_entropy(logits.float() + tau * prior_log, target, reduction='none')


@MODELS.register_module()
class LogitAdjustedLoss(ClassCountsMixin, nn.Module):
    """Logit-adjusted softmax cross entropy (Menon et al., 2021).

    The model learns the balanced score, the prior being added only inside the
    loss, so predictions need no adjustment. Class counts come from
    ``ClassCountsHook``; an empty class counts as one row.

    Args:
        num_classes: Number of classes C.
        tau: Strength of the prior.
        loss_weight: Factor of the loss.

    Raises:
        ConfigError: When called before the class counts are set.
    """

    def __init__(self, num_classes: int, tau: float = 1.0, loss_weight: float = 1.0):
        super().__init__()
        self.tau = tau
        self.loss_weight = loss_weight
        self.init_class_counts(num_classes)

    def forward(self, cls_score: torch.Tensor, label: torch.Tensor, weight: torch.Tensor | None = None,
                avg_factor: float | None = None, reduction_override: str | None = None) -> torch.Tensor:
        """``cls_score`` ``(B, C)``; ``label`` ``(B,)`` indices or ``(B, C)`` soft labels."""
        loss = prior_cross_entropy(cls_score, label, log_prior(self.require_class_counts()), self.tau)
        return self.loss_weight * weight_reduce_loss(loss, weight, reduction_override or 'mean', avg_factor)
