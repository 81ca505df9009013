"""Slow copies of a model's modules, whose answers are softer targets."""
import copy

import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub
from torch import nn

from mmcomp.errors import ConfigError, fault


def ramp(steps: torch.Tensor, length: int, top: float) -> torch.Tensor:
    """``top * min(1, steps / length)``."""
    return top * (steps / length).clamp(max=1)


class MomentumTeacher(nn.Module):
    """Copies that follow their originals by ``m <- momentum * m + (1 - momentum) * original``.

    They are never trained and have no dropout. The first step copies the
    originals as they are by then, for weights are loaded after a model is built.
    Copies and number of steps are in every checkpoint.

    Args:
        originals: The modules; given again to each :meth:`follow`.
        momentum: Share that a copy keeps of itself in a step.
        alpha: Share of the copies' answers in the targets, after the ramp.
        ramp_iters: Steps in which the share grows from 0; by default those of an
            epoch, as the runner counts them.
    """

    def __init__(self, originals: nn.Module, momentum: float = 0.995, alpha: float = 0.3,
                 ramp_iters: int | None = None):
        super().__init__()
        if not 0 <= momentum <= 1 or not 0 <= alpha <= 1:
            raise ConfigError(fault('MomentumTeacher', 'momentum, alpha', 'in [0, 1]', (momentum, alpha),
                                    'Correct it.'))
        self.copies = copy.deepcopy(originals).requires_grad_(False)
        self.momentum, self.top, self.ramp_iters = momentum, alpha, ramp_iters
        self.register_buffer('steps', torch.zeros((), dtype=torch.long))
        self.alpha = torch.zeros(())
        self._begun = False
        self.train()

    def train(self, mode: bool = True) -> 'MomentumTeacher':
        """Stay as in evaluation."""
        return super().train(False)

    @torch.no_grad()
    def follow(self, originals: nn.Module) -> None:
        """Take a step towards the originals, and one up the ramp; call it once a training step, before any question."""
        if self.ramp_iters is None:
            self.ramp_iters = _iters_of_an_epoch()
        copies, values = ([p.data for p in module.parameters()] for module in (self.copies, originals))
        # A copied buffer, such as a running mean, is as good as the original's.
        buffers, theirs = (list(module.buffers()) for module in (self.copies, originals))
        if buffers:
            torch._foreach_copy_(buffers, theirs)
        if not self._begun and not int(self.steps):
            torch._foreach_copy_(copies, values)
        else:
            torch._foreach_lerp_(copies, values, 1 - self.momentum)
        self._begun = True
        self.alpha = ramp(self.steps, self.ramp_iters, self.top)
        self.steps += 1


def _iters_of_an_epoch() -> int:
    hub = MessageHub.get_current_instance()
    iters, epochs = (hub.get_info(name, default=None) for name in ('max_iters', 'max_epochs'))
    if not iters or not epochs:
        raise ConfigError(fault('MomentumTeacher', 'ramp_iters', 'given outside of a training by epochs', None,
                                'Set the number of steps in which `alpha` grows.'))
    return max(1, iters // epochs)


def taught_cross_entropy(logits: torch.Tensor, target: torch.Tensor, teacher_logits: torch.Tensor | None = None,
                         alpha: torch.Tensor | float = 0.0) -> torch.Tensor:
    """``CE(logits, alpha * softmax(teacher_logits) + (1 - alpha) * onehot(target))``, mean over rows.

    The mixed targets themselves are never made.

    Args:
        logits: ``(B, N)``.
        target: The right column of each row, ``(B, )``.
        teacher_logits: ``(B, N)``; no gradient goes there.
        alpha: Share of the teacher.

    Returns:
        A scalar; 0, with a gradient of 0, if there are no rows.
    """
    rows = max(1, len(target))
    if teacher_logits is None:
        return F.cross_entropy(logits, target, reduction='sum') / rows
    log_shares = logits.float().log_softmax(dim=1)
    right = log_shares.gather(1, target[:, None]).sum()
    taught = (teacher_logits.detach().float().softmax(dim=1) * log_shares).sum()
    return -torch.lerp(right, taught, torch.as_tensor(alpha, dtype=right.dtype, device=right.device)) / rows
