"""Clipping gradients without a wait for the device."""
import torch
from mmengine.optim import OptimWrapper

from mmcomp.engine.deferred_scalars import update_scalar
from mmcomp.registry import OPTIM_WRAPPERS
from mmcomp.sharding import is_divided


class DeferredClippingMixin:
    """An ``OptimWrapper`` whose ``clip_grad`` leaves the norm on the device until it is logged."""

    def _clip_grad(self) -> None:
        parameters = [p for group in self.optimizer.param_groups for p in group['params']
                      if p.requires_grad and p.grad is not None]
        norm = self.clip_func(parameters, **self.clip_grad_kwargs) if parameters else None
        if isinstance(norm, torch.Tensor):  # that of `clip_grad_value_` is None
            update_scalar(self.message_hub, f'train/{self.grad_name}',
                          norm.full_tensor() if is_divided(norm) else norm)


@OPTIM_WRAPPERS.register_module()
class DeferredOptimWrapper(DeferredClippingMixin, OptimWrapper):
    """``OptimWrapper`` that does not wait for the norm of the gradients when it clips them.

    Args:
        **kwargs: As of ``OptimWrapper``.
    """
