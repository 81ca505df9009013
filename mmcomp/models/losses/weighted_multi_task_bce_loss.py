"""Binary cross entropy over several tasks and weighted samples."""
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS


def weighted_multi_task_bce(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None,
                            task_weights: torch.Tensor | None = None,
                            weighted_tasks: Sequence[int] | None = None) -> torch.Tensor:
    """``sum_t a_t mean_b w_b BCE(logits_bt, target_bt)``; a NaN target is missing and not counted.

    Args:
        logits: ``(B, T)``.
        target: Shares in [0, 1], ``(B, T)``.
        weight: Of the samples, ``(B,)``, their mean over the training set 1.
        task_weights: ``a (T,)``; by default 1 / T each, the mean over tasks.
        weighted_tasks: Tasks that sample weights count for; by default all.
    """
    present = ~target.isnan()
    losses = F.binary_cross_entropy_with_logits(logits.float(), target.nan_to_num(0.).float(), reduction='none')
    if weight is not None:
        factor = weight.float()[:, None].expand_as(losses)
        if weighted_tasks is not None:
            counted = torch.zeros(losses.shape[1], dtype=torch.bool, device=losses.device)
            counted[list(weighted_tasks)] = True
            factor = torch.where(counted, factor, 1.)
        losses = losses * factor
    by_task = losses.masked_fill(~present, 0).sum(dim=0) / present.sum(dim=0).clamp(min=1)
    return by_task.mean() if task_weights is None else (task_weights * by_task).sum()


@MODELS.register_module()
class WeightedMultiTaskBCELoss(nn.Module):
    """:func:`weighted_multi_task_bce` with soft, binarized or smoothed targets.

    Args:
        task_weights: One a task; by default their mean.
        weighted_tasks: Tasks that sample weights count for; by default all.
            The first Jigsaw LSTM is ``task_weights=[1] + [.2] * 5,
            weighted_tasks=[0]``, its BERT the default.
        binarize: Threshold, from which on a target is 1 and below 0.
        binarized_tasks: Tasks that it is for; by default all. The second Jigsaw
            LSTM has ``binarize=.5, binarized_tasks=[0]``, its main task, and
            the shares of the same question as a further one.
        label_smoothing: Moves targets this far towards one half.

    Raises:
        ConfigError: If ``task_weights`` or targets are not as many as the logits.
    """

    def __init__(self, task_weights: Sequence[float] | None = None, weighted_tasks: Sequence[int] | None = None,
                 binarize: float | None = None, binarized_tasks: Sequence[int] | None = None,
                 label_smoothing: float = 0.):
        super().__init__()
        weights = None if task_weights is None else torch.tensor(task_weights, dtype=torch.float32)
        self.register_buffer('task_weights', weights, persistent=False)
        self.weighted_tasks, self.binarize, self.label_smoothing = weighted_tasks, binarize, label_smoothing
        self.binarized_tasks = slice(None) if binarized_tasks is None else list(binarized_tasks)

    def forward(self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None,
                avg_factor: int | None = None, **kwargs) -> torch.Tensor:
        """Logits and targets ``(B, T)``, sample weights ``(B,)``; a scalar. ``avg_factor`` has no part in it."""
        if self.task_weights is not None and len(self.task_weights) != logits.shape[1]:
            raise ConfigError(fault('WeightedMultiTaskBCELoss', 'task_weights', f'{logits.shape[1]} numbers, one a '
                                    'task', self.task_weights.tolist(), 'Correct the config.'))
        if target.shape != logits.shape:
            raise ConfigError(fault('WeightedMultiTaskBCELoss', 'targets', f'{logits.shape[1]} a sample, one a task of '
                                    'the head', target.shape[1], 'Let `num_classes` of the head and `target_cols` of '
                                    'the data set agree.'))
        return weighted_multi_task_bce(logits, self.hard_targets(target), weight, self.task_weights,
                                       self.weighted_tasks)

    def hard_targets(self, target: torch.Tensor) -> torch.Tensor:
        """Targets binarized and smoothed as asked."""
        if self.binarize is not None:
            soft, target = target[:, self.binarized_tasks], target.clone()
            # A comparison would make a missing target a negative one.
            target[:, self.binarized_tasks] = torch.where(soft.isnan(), soft, (soft >= self.binarize).to(soft.dtype))
        if self.label_smoothing:
            target = target * (1 - self.label_smoothing) + self.label_smoothing / 2
        return target
