"""Softmax equalization loss: rare classes are shielded from negative gradients."""
import torch
from mmengine.dist import all_reduce
from mmpretrain.models.losses.utils import weight_reduce_loss
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS

from .logit_adjusted_loss import prior_cross_entropy

INDICATORS = ('pos', 'pos_neg_ratio')


def equalized_log_prior(indicator: torch.Tensor, eps: float = 1e-4) -> torch.Tensor:
    """Log of each class's gradient indicator ``(C,)``, clamped below at ``eps``.

    The loss adds ``tau * log(g_j / g_i)`` to each non-target logit j of a
    sample of class i. Softmax does not change when ``tau * log g_i`` is added
    to the whole row, so that is the same as adding ``tau * log g_j`` to every
    logit, target included: a prior, measured by gradients instead of counts.
    """
    return indicator.clamp(min=eps).log()


def softmax_gradients(logits: torch.Tensor, target: torch.Tensor,
                      sample_weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Sums of ``|d loss / d logit|`` of each class, as target and as non-target.

    Args:
        logits: ``(B, C)``, with whatever the loss adds to them.
        target: Class indices ``(B,)`` or soft labels ``(B, C)``.
        sample_weight: Factor of each sample in the loss, ``(B,)``.

    Returns:
        Positive and negative sums, each ``(C,)``.
    """
    probabilities = logits.float().softmax(dim=1) * sample_weight[:, None]
    if target.ndim == 2:
        gradients = (probabilities - target * sample_weight[:, None]).abs()
        return (gradients * target).sum(dim=0), (gradients * (1 - target)).sum(dim=0)
    own = probabilities.gather(1, target[:, None]).squeeze(1)
    zeros = probabilities.new_zeros(logits.shape[1])
    positive = zeros.index_add(0, target, sample_weight - own)
    negative = probabilities.sum(dim=0) - zeros.index_add(0, target, own)
    return positive, negative.clamp(min=0)


@MODELS.register_module()
class SoftmaxEQLLoss(nn.Module):
    """Equalization loss v2 on softmax (Tan et al., 2021 and 2022).

    Running sums of the positive and negative gradients of each class say how
    much it has been trained; classes with small sums are spared as negatives.
    The sums are buffers (kept in checkpoints) and equal on all ranks.

    The gradients are those of this rank's mean loss on the logits, ``|p - y| /
    B``, averaged over ranks, which makes them the gradients of the mean loss
    over the global batch. They are computed here, while training, and not by
    a hook on the backward pass: so they hold no AMP loss scale, no gradient
    accumulation factor, and their all-reduce can't cross DDP's own. (The
    system that this was published with never attached its hook; its sums
    stayed 0 and its loss was cross entropy.)

    Args:
        num_classes: Number of classes C.
        indicator: ``'pos'``, sums of positive gradients (as published), or
            ``'pos_neg_ratio'``, positive over negative.
        tau: Strength.
        eps: Lower clamp of the indicator.
        loss_weight: Factor of the loss; not part of the sums.
    """

    def __init__(self, num_classes: int, indicator: str = 'pos', tau: float = 1.0, eps: float = 1e-4,
                 loss_weight: float = 1.0):
        super().__init__()
        if indicator not in INDICATORS:
            raise ConfigError(fault('SoftmaxEQLLoss', 'indicator', f'one of {INDICATORS}', indicator, 'Correct it.'))
        self.indicator = indicator
        self.tau = tau
        self.eps = eps
        self.loss_weight = loss_weight
        self.register_buffer('pos_grad', torch.zeros(num_classes))
        self.register_buffer('neg_grad', torch.zeros(num_classes))

    def log_prior(self) -> torch.Tensor:
        """What is added to the logits for ``tau = 1``, ``(C,)``."""
        if self.indicator == 'pos':
            return equalized_log_prior(self.pos_grad, self.eps)
        return equalized_log_prior((self.pos_grad + self.eps) / (self.neg_grad + self.eps), self.eps)

    def forward(self, cls_score: torch.Tensor, label: torch.Tensor, weight: torch.Tensor | None = None,
                avg_factor: float | None = None, reduction_override: str | None = None) -> torch.Tensor:
        """``cls_score`` ``(B, C)``; ``label`` ``(B,)`` indices or ``(B, C)`` soft labels."""
        prior = self.log_prior()
        loss = prior_cross_entropy(cls_score, label, prior, self.tau)
        if self.training and torch.is_grad_enabled():
            self._collect(cls_score.detach().float() + self.tau * prior, label, weight, avg_factor)
        return self.loss_weight * weight_reduce_loss(loss, weight, reduction_override or 'mean', avg_factor)

    @torch.no_grad()
    def _collect(self, logits, label, weight, avg_factor):
        weight = logits.new_ones(len(logits)) if weight is None else weight.float()
        sums = torch.stack(softmax_gradients(logits, label, weight / (avg_factor or len(logits))))
        all_reduce(sums, op='mean')
        self.pos_grad += sums[0]
        self.neg_grad += sums[1]
