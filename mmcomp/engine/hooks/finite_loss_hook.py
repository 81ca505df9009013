"""End a training that has diverged."""
import math

import torch
from mmengine.hooks import Hook

from mmcomp.engine.deferred_scalars import DeviceReads
from mmcomp.errors import DataError
from mmcomp.registry import HOOKS


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Raises when a loss is NaN or infinite, before a checkpoint of it is written.

    Without a loss scaler the step has already spoilt the weights, so the first
    such loss ends the training; on a GPU a few steps later, when the loss has
    arrived without anybody waiting for it. A loss scaler skips the step; then up
    to ``patience`` in a row pass. mmengine's ``CheckInvalidLossHook`` looks at
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
        self.reads = DeviceReads()

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Look at the losses that have arrived."""
        losses = {name: torch.as_tensor(value) for name, value in (outputs or {}).items() if 'loss' in name}
        if losses:
            # A number beside tensors goes to their device, which nobody waits for.
            device = next((value.device for value in losses.values() if value.device.type != 'cpu'), 'cpu')
            values = torch.stack([value.detach().reshape(()).float().to(device) for value in losses.values()])
            self.reads.put((runner.iter, tuple(losses)), values)
        self._look(runner)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """No checkpoint is written while a loss is on its way."""
        self._look(runner, everything=True)

    def after_train_epoch(self, runner) -> None:
        """Wait for the last ones."""
        self._look(runner, everything=True)

    def _look(self, runner, everything: bool = False) -> None:
        for (iteration, names), values in self.reads.take(everything):
            bad = {name: value for name, value in zip(names, values, strict=True) if not math.isfinite(value)}
            self.bad = self.bad + 1 if bad else 0
            scaler = getattr(runner.optim_wrapper, 'loss_scaler', None)
            if self.bad > (self.patience if scaler is not None and scaler.is_enabled() else 0):
                shown = ', '.join(f'{name} = {value}' for name, value in bad.items())
                raise DataError(f'iteration {iteration + 1}: {shown}. The training has diverged. Lower the learning '
                                'rate or clip gradients (optim_wrapper.clip_grad), look for broken images or labels, '
                                'and resume from the last checkpoint (--resume).')
