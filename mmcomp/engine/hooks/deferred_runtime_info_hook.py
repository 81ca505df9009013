"""Losses of every step without a wait for the device."""
from mmengine.hooks import RuntimeInfoHook

from mmcomp.engine.deferred_scalars import update_scalar
from mmcomp.registry import HOOKS


@HOOKS.register_module()
class DeferredRuntimeInfoHook(RuntimeInfoHook):
    """``RuntimeInfoHook`` that leaves losses on the device until a log line or a checkpoint asks for them.

    The stock hook calls ``item()`` on each, at each step.
    """

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        """Note ``outputs``."""
        for name, value in (outputs or {}).items():
            update_scalar(runner.message_hub, f'train/{name}', value)
