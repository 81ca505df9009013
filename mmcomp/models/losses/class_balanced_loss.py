"""Cross entropy in which rare classes weigh more."""
import torch
from mmpretrain.models.losses.utils import weight_reduce_loss
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.models.class_counts import ClassCountsMixin
from mmcomp.registry import MODELS


def class_balanced_weights(counts: torch.Tensor, beta: float | None = .999,
                           exponent: float | None = None) -> torch.Tensor:
    """Weights of the classes, ``(C,)``, whose mean is one.

    Args:
        counts: Training rows of each class, ``(C,)``; an empty class counts as one row.
        beta: ``1 / effective number``, ``(1 - beta) / (1 - beta^n)``: equal
            weights at 0, near ``1 / n`` towards 1.
        exponent: Use ``n^-exponent`` instead.
    """
    counts = counts.clamp(min=1).double()
    if exponent is not None:
        weights = counts**-exponent
    else:
        weights = (1 - beta) / (1 - beta**counts)
    return (weights / weights.mean()).float()


def class_balanced_loss(logits: torch.Tensor, target: torch.Tensor, weights: torch.Tensor, gamma: float = 0.,
                        label_smoothing: float = 0.) -> torch.Tensor:
    """``-w sum_c q_c (1 - p_c)^gamma log p_c`` of each row, ``(B,)``, with the weight of its label.

    Args:
        logits: ``(B, C)``.
        target: ``(B,)`` indices or ``(B, C)`` soft labels.
        weights: ``(C,)``.
        gamma: Of the focal loss; 0 leaves cross entropy.
        label_smoothing: Part of each label that is spread over all classes.
    """
    classes = logits.shape[1]
    target = nn.functional.one_hot(target, classes) if target.ndim == 1 else target
    target = target.to(logits.dtype)
    weight = target @ weights.to(logits.dtype)
    target = target * (1 - label_smoothing) + label_smoothing / classes
    log_p = logits.log_softmax(dim=1)
    focus = (1 - log_p.exp()).clamp(min=0)**gamma if gamma else 1.
    return -weight * (target * focus * log_p).sum(dim=1)


@MODELS.register_module()
class ClassBalancedLoss(ClassCountsMixin, nn.Module):
    """Class-balanced softmax cross entropy (Cui et al., 2019), focal if asked for (Lin et al., 2017).

    mmpretrain's ``CrossEntropyLoss`` takes ``class_weight`` as numbers of the config;
    here they follow from the training data, by ``ClassCountsHook``.

    Args:
        num_classes: Number of classes C.
        beta: See :func:`class_balanced_weights`.
        exponent: In the place of beta: .5 halves the weights' slope on a log scale.
        gamma: Of the focal loss.
        label_smoothing: As of ``LabelSmoothLoss``.
        loss_weight: Factor of the loss.

    Raises:
        ConfigError: When called before the class counts are set.
    """

    def __init__(self, num_classes: int, beta: float = .999, exponent: float | None = None, gamma: float = 0.,
                 label_smoothing: float = 0., loss_weight: float = 1.):
        super().__init__()
        for name, value, law, lawful in (
                ('beta', beta, 'from 0 to below 1', 0 <= beta < 1), ('gamma', gamma, 'at least 0', gamma >= 0),
                ('exponent', exponent, 'at least 0', exponent is None or exponent >= 0),
                ('label_smoothing', label_smoothing, 'from 0 to below 1', 0 <= label_smoothing < 1)):
            if not lawful:
                raise ConfigError(fault('ClassBalancedLoss', name, law, value, 'Correct it.'))
        self.beta, self.exponent, self.gamma = beta, exponent, gamma
        self.label_smoothing, self.loss_weight = label_smoothing, loss_weight
        self.init_class_counts(num_classes)

    def forward(self, cls_score: torch.Tensor, label: torch.Tensor, weight: torch.Tensor | None = None,
                avg_factor: float | None = None, reduction_override: str | None = None) -> torch.Tensor:
        """``cls_score`` ``(B, C)``; ``label`` ``(B,)`` indices or ``(B, C)`` soft labels."""
        weights = class_balanced_weights(self.require_class_counts(), self.beta, self.exponent)
        loss = class_balanced_loss(cls_score, label, weights, self.gamma, self.label_smoothing)
        return self.loss_weight * weight_reduce_loss(loss, weight, reduction_override or 'mean', avg_factor)
