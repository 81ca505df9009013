"""Two passes of one sample, with other dropout, shall say the same."""
import torch
from mmpretrain.models.losses.utils import weight_reduce_loss
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS


def symmetric_kl(logits: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """``(KL(p || q) + KL(q || p)) / 2`` of each row, ``(B,)``, for the softmax of two ``(B, C)``."""
    log_p, log_q = logits.log_softmax(dim=1), others.log_softmax(dim=1)
    return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(dim=1) / 2


@MODELS.register_module()
class RDropLoss(nn.Module):
    """R-Drop (Liang et al., 2021): a loss of labels, and the symmetric divergence of a sample's two passes.

    Row i and row ``i + B`` of a batch are the same sample, so that dropout alone
    parts them. ``train_dataloader.collate_fn=dict(type='mmcomp.repeat_batch')``
    makes such batches; memory is that of twice the batch size. Mixed batches
    (``batch_augments``) do not go with it.

    Args:
        num_classes: Passed on to ``loss`` if given.
        alpha: Weight of the divergence; published 1 to 5.
        loss: Config of the loss of labels.
        loss_weight: Factor of both.

    Raises:
        ConfigError: If the first batch is not of pairs.
    """

    def __init__(self, num_classes: int | None = None, alpha: float = 1., loss: dict | None = None,
                 loss_weight: float = 1.):
        super().__init__()
        if not alpha >= 0:
            raise ConfigError(fault('RDropLoss', 'alpha', 'at least 0', alpha, 'Correct it.'))
        loss = dict(loss or dict(type='CrossEntropyLoss'))
        if num_classes is not None and loss['type'] not in ('CrossEntropyLoss', 'FocalLoss'):
            loss.setdefault('num_classes', num_classes)
        self.label_loss, self.alpha, self.loss_weight = MODELS.build(loss), alpha, loss_weight
        self._looked = False

    def forward(self, cls_score: torch.Tensor, label: torch.Tensor, weight: torch.Tensor | None = None,
                avg_factor: float | None = None, reduction_override: str | None = None, **kwargs) -> torch.Tensor:
        """``cls_score`` ``(2B, C)``; ``label`` as the loss of labels takes it, a row a score."""
        self._require_pairs(label)
        half = len(label) // 2
        labelled = self.label_loss(cls_score, label, weight=weight, avg_factor=avg_factor,
                                   reduction_override=reduction_override, **kwargs)
        apart = symmetric_kl(cls_score[:half], cls_score[half:]).repeat(2)
        apart = weight_reduce_loss(apart, weight, reduction_override or 'mean', avg_factor)
        return self.loss_weight * (labelled + self.alpha * apart)

    def _require_pairs(self, label: torch.Tensor) -> None:
        half = len(label) // 2
        # The labels are on the GPU: looked at once, not in each step.
        if len(label) % 2 or not (self._looked or torch.equal(label[:half], label[half:])):
            raise ConfigError(fault('RDropLoss', 'batch', 'the same samples twice, one half after the other',
                                    f'{len(label)} rows', 'Set train_dataloader.collate_fn='
                                    "dict(type='mmcomp.repeat_batch') and no batch_augments."))
        self._looked = True
