"""Moving average of weights by a few kernels."""
import torch
from mmengine.model import ExponentialMovingAverage
from torch import nn

from mmcomp.registry import MODELS


@MODELS.register_module()
class ForeachMovingAverage(ExponentialMovingAverage):
    """mmengine's ``ExponentialMovingAverage``, all parameters at once by torch's foreach functions.

    One kernel for many tensors instead of one each: a GPU is not kept waiting by hundreds of launches a
    step. Use it as ``dict(type='EMAHook', ema_type='ForeachMovingAverage')``; arguments and checkpoints are
    mmengine's.
    """

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Move the average towards the weights of ``model``, copy its buffers unless they are averaged."""
        source = model.state_dict() if self.update_buffers else dict(model.named_parameters())
        if self.steps == 0 or self.steps % self.interval == 0:
            names = [name for name, average in self.avg_parameters.items()
                     if self.steps == 0 or average.is_floating_point()]
            averages = [self.avg_parameters[name].data for name in names]
            values = [source[name].data.to(average.device) for name, average in zip(names, averages)]
            if self.steps == 0:
                torch._foreach_copy_(averages, values)
            else:
                torch._foreach_lerp_(averages, values, self.momentum)
        if not self.update_buffers and (buffers := [buffer.data for buffer in self.module.buffers()]):
            torch._foreach_copy_(buffers, [buffer.data.to(old.device) for buffer, old in zip(model.buffers(), buffers)])
        self.steps += 1
