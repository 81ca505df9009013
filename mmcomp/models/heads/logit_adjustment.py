"""Logit adjustment at test time, for any head that knows its class counts."""
import torch
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.models.class_counts import ClassCountsMixin, log_prior


def adjust_logits(logits: torch.Tensor, class_counts: torch.Tensor, tau: float = 1.0) -> torch.Tensor:
    """``logits - tau * log prior``: predict as if all classes were equally frequent.

    From *Long-tail learning via logit adjustment* (Menon et al., 2021), the
    post-hoc form. An empty class counts as one row.

    Args:
        logits: ``(B, C)``.
        class_counts: Training rows of each class, ``(C,)``.
        tau: Strength; 1 removes the training prior, 0 does nothing.
    """
    return logits - tau * log_prior(class_counts)


class LogitAdjustmentMixin(ClassCountsMixin):
    """A ``ClsHead`` whose predictions can be adjusted for the training prior.

    ``logit_adjustment_tau`` is 0 (off) unless somebody sets it, for instance
    :func:`set_logit_adjustment`; training is never affected.
    """
    logit_adjustment_tau: float = 0.0

    def adjusted(self, logits: torch.Tensor) -> torch.Tensor:
        """What is predicted from: ``logits``, adjusted where that is switched on."""
        if not self.logit_adjustment_tau:
            return logits
        return adjust_logits(logits, self.require_class_counts(), self.logit_adjustment_tau)

    def _get_predictions(self, cls_score, data_samples):
        return super()._get_predictions(self.adjusted(cls_score), data_samples)


def set_logit_adjustment(model: nn.Module, tau: float = 1.0) -> None:
    """Switch test-time logit adjustment of every head in ``model`` that has it.

    Raises:
        ConfigError: If no head has it, or a head knows no class counts.
    """
    heads = [module for module in model.modules() if isinstance(module, LogitAdjustmentMixin)]
    if not heads:
        raise ConfigError(fault('logit adjustment', 'model.head', 'a head that supports it',
                                type(getattr(model, 'head', model)).__name__,
                                'Use ArcFaceHead or LogitAdjustedLinearHead.'))
    for head in heads:
        if tau:
            head.require_class_counts()
        head.logit_adjustment_tau = float(tau)
