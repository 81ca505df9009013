"""Average the weights of every step in the valley of the validation loss."""
import math
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine import __version__ as mmengine_version
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmcomp.engine.loss_valley import LossValley, WeightMean
from mmcomp.errors import ConfigError, did_you_mean, fault
from mmcomp.files import atomic_path
from mmcomp.registry import HOOKS
from mmcomp.sharding import is_divided


@HOOKS.register_module()
class SWADHook(Hook):
    """Writes ``swad.pth``: the mean of the weights over all steps of the valley, a checkpoint to predict with.

    See :class:`~mmcomp.engine.loss_valley.LossValley` for where the valley begins and ends. Best beside a constant
    learning rate and many validations, such as ``train_cfg=dict(by_epoch=False, val_interval=100)``::

        val_evaluator = [dict(type='Accuracy'), dict(type='LogLossMetric')]
        custom_hooks = [dict(type='SWADHook', monitor='log_loss/mean')]

    Without such a loss, what lacks of a score serves: ``monitor='accuracy/top1', best=100``.

    What is averaged is what the optimizer moves, not the averages of an ``EMAHook``, whose losses are validated
    beside one. Every step costs a pass over the weights, and the device holds them once more; closed segments are
    in the host's memory and in checkpoints, ``n_converge`` at most, so a resumed training writes the same file.
    Running statistics of BatchNorm are averaged, too: ``mmcomp model_soup --models swad.pth --update-bn CONFIG``
    estimates them anew.

    Args:
        monitor: Key of the validation loss.
        best: Of a score that is to rise the best possible, 1, or 100 of a percentage: the loss is what lacks of it.
        n_converge, n_tolerance, tolerance: See :class:`~mmcomp.engine.loss_valley.LossValley`.
        out: Name of the file in the work folder.
    """

    # After the weights of a step are final, before CheckpointHook, so that a checkpoint has its own step.
    priority = 'LOW'

    def __init__(self, monitor: str, best: float | None = None, n_converge: int = 3, n_tolerance: int = 6,
                 tolerance: float = 0.3, out: str = 'swad.pth'):
        self.monitor, self.best, self.out = monitor, best, out
        self.valley, self.segment = LossValley(n_converge, n_tolerance, tolerance), WeightMean()

    def before_train(self, runner) -> None:
        """Refuse weights that no rank has whole; bring those of a resumed segment to where the model is."""
        model = _model(runner)
        if any(is_divided(parameter) for parameter in model.parameters()):
            raise ConfigError(fault('custom_hooks', 'SWADHook', 'left out when weights are divided among ranks',
                                    'SWADHook', 'Take it out, and average checkpoints with `mmcomp model_soup`.'))
        if runner.val_loop is None:
            raise ConfigError(fault('custom_hooks', 'SWADHook', 'beside a validation', 'no `val_dataloader`',
                                    'Give one, or take the hook out.'))
        self.segment = self.segment.to(model.state_dict())

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Add the weights of this step to those since the last validation."""
        if not self.valley.over:
            self.segment.add(_model(runner).state_dict(), runner.iter + 1)

    def after_val_epoch(self, runner, metrics: Mapping[str, float] | None = None) -> None:
        """Close the segment with its loss."""
        if self.segment.steps:
            limit = self.valley.limit
            self.valley.add(self._loss(metrics or {}), self.segment.to())
            self.segment = WeightMean()
            if self.valley.limit is not None and limit is None:
                runner.logger.info(f'SWAD: a valley of `{self.monitor}` from iteration {self.valley.mean.first} on, '
                                   f'up to a loss of {self.valley.limit:.6g}.')
            if self.valley.over:
                runner.logger.info(f'SWAD: the valley ended at iteration {self.valley.mean.last}.')

    def _loss(self, metrics: Mapping[str, float]) -> float:
        if self.monitor not in metrics:
            raise ConfigError(fault('SWADHook', 'monitor', f'one of {sorted(metrics)}', self.monitor,
                                    f'Correct it.{did_you_mean(self.monitor, metrics)}'))
        value = float(metrics[self.monitor])
        loss = value if self.best is None else self.best - value
        if math.isnan(loss) or loss < 0:
            raise ConfigError(fault('SWADHook', 'monitor, best', 'a loss of at least 0, or a score up to `best`',
                                    (self.monitor, value, self.best), 'Choose another key, or correct `best`.'))
        return loss

    def after_train(self, runner) -> None:
        """Write the file."""
        found, model = self.valley.found(), _model(runner)
        if not found.steps:
            runner.logger.warning(f'SWAD: no {self.out} is written, for the training was never validated.')
        elif is_main_process():
            if self.valley.limit is None:
                runner.logger.warning(f'SWAD: no valley of `{self.monitor}` was seen in {runner.iter} iterations; '
                                      f'{self.out} is the mean of the steps before the last validation.')
            state = {name: found.tensors[name].to('cpu', tensor.dtype) for name, tensor in model.state_dict().items()}
            with atomic_path(Path(runner.work_dir) / self.out) as temporary:
                torch.save(dict(meta=self._meta(runner, found), state_dict=state), temporary)

    def _meta(self, runner, found: WeightMean) -> dict:
        """As of a soup, so that `mmcomp model_soup` does not average it once more."""
        return dict(mmengine_version=mmengine_version, cfg=runner.cfg.pretty_text, epoch=runner.epoch, iter=runner.iter,
                    dataset_meta=runner.train_dataloader.dataset.metainfo,
                    soup=[f'iterations {found.first} to {found.last}'],
                    swad=dict(first=found.first, last=found.last, limit=self.valley.limit))

    def state_dict(self) -> dict:
        return dict(valley=self.valley.state_dict(), segment=self.segment.state_dict())

    def load_state_dict(self, state: Mapping) -> None:
        self.valley.load_state_dict(state['valley'])
        self.segment = WeightMean(**state['segment'])


def _model(runner) -> torch.nn.Module:
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
