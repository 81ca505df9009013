"""Classes that belong to coarser ones."""
from collections.abc import Sequence

import torch
from mmpretrain.models.heads import ClsHead
from mmpretrain.structures import DataSample
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS

from .dropout_linear import DropoutLinearMixin, sample_weights


def coarse_target(target: torch.Tensor, coarse_of: torch.Tensor, coarse_classes: int) -> torch.Tensor:
    """Labels ``(B,)`` or shares ``(B, C)`` of the classes as those of the coarse classes, ``(B,)`` or ``(B, P)``."""
    if target.ndim == 1:
        return coarse_of[target]
    return target.new_zeros(len(target), coarse_classes).index_add(1, coarse_of, target)


@MODELS.register_module()
class CoarseFineHead(DropoutLinearMixin, ClsHead):
    """:class:`DropoutLinearHead` with a second linear layer that learns the coarse class beside.

    The loss is ``(1 - coarse_weight) * fine + coarse_weight * coarse``; predictions are the fine ones alone.

    Args:
        coarse_of: The coarse class of each class, C whole numbers from 0.
        in_channels: Width of the features.
        num_classes: C; may be left out.
        coarse_weight: Share of the coarse loss.
        dropout: Share of features dropped in training.
        dropout_samples: Masks a step; see :class:`DropoutLinearMixin`.
        **kwargs: Arguments of ``ClsHead``: ``loss``, for both levels, ``init_cfg``.

    Raises:
        ConfigError: If ``coarse_of`` skips a coarse class or is not of ``num_classes``.
    """

    def __init__(self, coarse_of: Sequence[int], in_channels: int, num_classes: int | None = None,
                 coarse_weight: float = 0.5, dropout: float = 0.1, dropout_samples: int = 1, **kwargs):
        super().__init__(**kwargs)
        coarse_of = list(coarse_of)
        if not coarse_of or sorted(set(coarse_of)) != list(range(len(set(coarse_of)))) or (
                num_classes not in (None, len(coarse_of))):
            raise ConfigError(fault('CoarseFineHead', 'coarse_of', 'one number from 0 a class, none skipped, of '
                                    f'{num_classes or "all"} classes', coarse_of, 'Correct it.'))
        self.init_linear(len(coarse_of), in_channels, dropout, dropout_samples)
        self.coarse_weight, self.coarse_fc = coarse_weight, nn.Linear(in_channels, max(coarse_of) + 1)
        self.register_buffer('coarse_of', torch.tensor(coarse_of), persistent=False)

    def loss(self, feats: tuple[torch.Tensor, ...], data_samples: list[DataSample], **kwargs) -> dict:
        """``loss``, and its two parts for the log."""
        soft = 'gt_score' in data_samples[0]
        gather = torch.stack if soft else torch.cat
        target = gather([sample.gt_score if soft else sample.gt_label for sample in data_samples])
        coarse = coarse_target(target, self.coarse_of, self.coarse_fc.out_features)
        weight = sample_weights(data_samples, self.fc.weight)
        kwargs = kwargs if weight is None else dict(kwargs, weight=weight)
        rounds = [self._losses(feats, target, coarse, **kwargs) for _ in range(self.dropout_samples)]
        fine, coarse = (torch.stack(part).mean() for part in zip(*rounds))
        # mmengine sums what is called loss.
        return dict(loss=(1 - self.coarse_weight) * fine + self.coarse_weight * coarse, fine=fine.detach(),
                    coarse=coarse.detach())

    def _losses(self, feats, target, coarse, **kwargs):
        features = self.dropout(self.pre_logits(feats))
        return tuple(self.loss_module(layer(features), wanted, avg_factor=len(features), **kwargs)
                     for layer, wanted in ((self.fc, target), (self.coarse_fc, coarse)))
