"""Binary cross entropy with a teacher's probabilities, softened by a temperature."""
from collections.abc import Sequence

import torch

from mmcomp.errors import ConfigError, fault
from mmcomp.models.losses.weighted_multi_task_bce_loss import WeightedMultiTaskBCELoss, weighted_multi_task_bce
from mmcomp.registry import MODELS


def softened(probability: torch.Tensor, temperature: float) -> torch.Tensor:
    """``sigmoid(logit(p) / T)``: 0.5 for T without end, the probability itself for 1."""
    return probability if temperature == 1 else (probability.logit(eps=1e-6) / temperature).sigmoid()


@MODELS.register_module()
class DistillationBCELoss(WeightedMultiTaskBCELoss):
    """``a T^2 BCE(z / T, q_T) + (1 - a) BCE(z, y)`` over tasks and weighted samples.

    Source: Hinton et al., "Distilling the Knowledge in a Neural Network"
    (2015). With T = 1 it is the base class on mixed targets. Targets are
    ``(B, 2 T)``, the teacher's probabilities q and then the readers' shares y
    (``TabularTextDataset(soft_targets=…, soft_apart=True)``), or ``(B, T)`` of the teacher alone, then with a = 1.

    Args:
        temperature: T, above 0.
        soft_ratio: a, one number or one a task.
        **kwargs: As of the base class; ``binarize`` and ``label_smoothing`` are for y.
    """

    def __init__(self, temperature: float = 1., soft_ratio: float | Sequence[float] = 1., **kwargs):
        super().__init__(**kwargs)
        ratio = torch.tensor(soft_ratio, dtype=torch.float32)
        if not temperature > 0 or not ((ratio >= 0) & (ratio <= 1)).all():
            raise ConfigError(fault('DistillationBCELoss', 'temperature, soft_ratio', 'above 0 and in [0, 1]',
                                    (temperature, soft_ratio), 'Correct the config.'))
        self.temperature = temperature
        self.register_buffer('soft_ratio', ratio, persistent=False)

    def forward(self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None,
                avg_factor: int | None = None, **kwargs) -> torch.Tensor:
        """Logits ``(B, T)``, targets ``(B, 2 T)`` or ``(B, T)``, sample weights ``(B,)``; a scalar."""
        tasks = logits.shape[1]
        if target.shape[1] not in (tasks, 2 * tasks) or self.soft_ratio.ndim and len(self.soft_ratio) != tasks:
            raise ConfigError(fault('DistillationBCELoss', 'targets, soft_ratio', f'of {tasks} or {2 * tasks} columns, '
                                    f'and one number or {tasks}', (target.shape[1], self.soft_ratio.tolist()),
                                    'Set `soft_apart=True` in the data set, and as many ratios as tasks.'))
        means = target.new_full((tasks, ), 1 / tasks) if self.task_weights is None else self.task_weights
        ratio = self.soft_ratio.expand(tasks) if target.shape[1] == 2 * tasks else torch.ones_like(means)
        soft = weighted_multi_task_bce(logits / self.temperature, softened(target[:, :tasks], self.temperature), weight,
                                       means * ratio * self.temperature ** 2, self.weighted_tasks)
        if target.shape[1] == tasks:
            return soft
        hard = self.hard_targets(target[:, tasks:])
        return soft + weighted_multi_task_bce(logits, hard, weight, means * (1 - ratio), self.weighted_tasks)
