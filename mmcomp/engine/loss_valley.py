"""The mean of a training's weights over the valley of its validation loss.

Source: Cha et al., *SWAD: Domain Generalization by Seeking Flat Minima*, NeurIPS 2021 (arXiv 2102.08604), Algorithm 1.
Here a segment, the steps between two validations, stands for a step of the algorithm, as in the published code; a run
of bad losses ends the valley also where it began before the valley was seen.
"""
from collections.abc import Mapping

import torch

from mmcomp.errors import ConfigError, fault


class WeightMean:
    """A running mean of model tensors, kept in float32, or float64 where they are; of integers the newest.

    Args:
        tensors: What it begins with, if anything.
        steps: How many steps that is the mean of.
        last: The last of these steps.
    """

    def __init__(self, tensors: Mapping[str, torch.Tensor] | None = None, steps: int = 0, last: int = 0):
        self.tensors, self.steps, self.last = dict(tensors or {}), steps, last

    @property
    def first(self) -> int:
        """The first of the steps, which follow each other."""
        return self.last - self.steps + 1

    @torch.no_grad()
    def add(self, tensors: Mapping[str, torch.Tensor], last: int, steps: int = 1) -> None:
        """Take the weights of one more step, or their mean over several; one pass over all tensors."""
        self.steps, self.last = self.steps + steps, last
        if self.steps == steps:
            self.tensors = {name: _precise(tensor).clone() for name, tensor in tensors.items()}
            return
        names = [name for name, tensor in self.tensors.items() if tensor.is_floating_point()]
        if names:
            torch._foreach_lerp_([self.tensors[name] for name in names],
                                 [tensors[name].to(self.tensors[name]) for name in names], steps / self.steps)
        for name in self.tensors.keys() - set(names):
            self.tensors[name].copy_(tensors[name])

    def join(self, later: 'WeightMean') -> None:
        """Take the steps of another mean, which follow these; it may be empty."""
        if later.steps:
            self.add(later.tensors, later.last, later.steps)

    def to(self, like: Mapping[str, torch.Tensor] | None = None) -> 'WeightMean':
        """Another of the same steps, on the devices of ``like``, or in the host's memory."""
        moved = {name: tensor.to('cpu' if like is None else like[name].device)
                 for name, tensor in self.tensors.items()}
        return WeightMean(moved, self.steps, self.last)

    def state_dict(self) -> dict:
        return dict(tensors=self.to().tensors, steps=self.steps, last=self.last)


class LossValley:
    """Finds the valley while losses come in, and averages over it; holds ``n_converge`` means at most, then two.

    It begins with the first loss that none of the ``n_converge - 1`` after it is below of. The mean of these
    losses, ``1 + tolerance`` times, is the limit; the valley ends before the first ``n_tolerance`` losses in a row
    over it, or with the training.

    Args:
        n_converge: Losses that show where it begins.
        n_tolerance: Losses that show where it ended.
        tolerance: How far over the mean loss is too far.

    Raises:
        ConfigError: If a number is too small.
    """

    def __init__(self, n_converge: int = 3, n_tolerance: int = 6, tolerance: float = 0.3):
        if n_converge < 1 or n_tolerance < 1 or not tolerance >= 0:
            raise ConfigError(fault('LossValley', 'n_converge, n_tolerance, tolerance', 'at least 1, 1 and 0',
                                    (n_converge, n_tolerance, tolerance), 'Correct them.'))
        self.n_converge, self.n_tolerance, self.tolerance = n_converge, n_tolerance, tolerance
        self.limit: float | None = None
        self.over, self.bad = False, 0
        self.recent: list[tuple[float, WeightMean]] = []
        # Of the valley so far; of losses over the limit after it, which still may turn out to be of it.
        self.mean, self.pending = WeightMean(), WeightMean()

    def add(self, loss: float, segment: WeightMean) -> None:
        """Take the next validation loss, at least 0, and the mean of the weights since the one before."""
        if self.limit is not None:
            self._extend(loss, segment)
            return
        self.recent = [*self.recent, (loss, segment)][-self.n_converge:]
        losses = [one for one, _ in self.recent]
        if len(losses) == self.n_converge and losses[0] == min(losses):
            self.limit = (1 + self.tolerance) * sum(losses) / len(losses)
            for one in self.recent:
                self._extend(*one)
            self.recent = []

    def _extend(self, loss: float, segment: WeightMean) -> None:
        if self.over:
            return
        self.pending.join(segment)
        self.bad = self.bad + 1 if loss > self.limit else 0
        if not self.bad:
            self.mean.join(self.pending)
        self.over = self.bad == self.n_tolerance
        if self.over or not self.bad:
            self.pending = WeightMean()

    def found(self) -> WeightMean:
        """The mean over the valley, as if the training ended now; before one is seen, that of the newest segment."""
        if self.limit is None:
            return self.recent[-1][1] if self.recent else WeightMean()
        valley = WeightMean()
        valley.join(self.mean)
        valley.join(self.pending)
        return valley

    def state_dict(self) -> dict:
        return dict(limit=self.limit, over=self.over, bad=self.bad, mean=self.mean.state_dict(),
                    pending=self.pending.state_dict(),
                    recent=[(loss, segment.state_dict()) for loss, segment in self.recent])

    def load_state_dict(self, state: Mapping) -> None:
        self.limit, self.over, self.bad = state['limit'], state['over'], state['bad']
        self.mean, self.pending = WeightMean(**state['mean']), WeightMean(**state['pending'])
        self.recent = [(loss, WeightMean(**segment)) for loss, segment in state['recent']]


def _precise(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.detach()
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
