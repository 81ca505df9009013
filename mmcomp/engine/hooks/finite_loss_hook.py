"""End a training that has diverged."""
import math

from mmengine.hooks import Hook, RuntimeInfoHook

from mmcomp.errors import DataError
from mmcomp.registry import HOOKS


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Raises when a loss is NaN or infinite, before a checkpoint of it is written.

    Without a loss scaler the step has already spoilt the weights, so the first
    such loss ends the training. A loss scaler skips the step; then up to
    ``patience`` in a row pass. mmengine's ``CheckInvalidLossHook`` looks at
    every 50th loss only.

    Args:
        patience: Bad losses in a row that pass where a loss scaler skips the step.

    Raises:
        DataError: With iteration, loss and remedy.
    """

    # After the loss is recorded, before weights are averaged or saved.
    priority = 'HIGH'

    def __init__(self, patience: int = 10):
        self.patience, self.bad = patience, 0

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        bad = {name: value for name, value in _losses(runner, outputs or {}).items() if not math.isfinite(value)}
        self.bad = self.bad + 1 if bad else 0
        scaler = getattr(runner.optim_wrapper, 'loss_scaler', None)
        if self.bad > (self.patience if scaler is not None and scaler.is_enabled() else 0):
            shown = ', '.join(f'{name} = {value}' for name, value in bad.items())
            raise DataError(f'iteration {runner.iter + 1}: {shown}. The training has diverged. Lower the learning rate '
                            'or clip gradients (optim_wrapper.clip_grad), look for broken images or labels, and '
                            'resume from the last checkpoint (--resume).')


def _losses(runner, outputs: dict) -> dict[str, float]:
    names = [name for name in outputs if 'loss' in name]
    if any(isinstance(hook, RuntimeInfoHook) for hook in runner.hooks):
        # It has just brought them to the CPU; asking the tensors would wait for the GPU again.
        return {name: runner.message_hub.get_scalar(f'train/{name}').current() for name in names}
    return {name: float(outputs[name]) for name in names}
