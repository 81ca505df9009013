"""Checkpoints that are whole, complete and never the last one lost."""
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.dist import get_rank, get_world_size, is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.model import is_model_wrapper
from torch import distributed

from mmcomp.engine import atomic_backend  # noqa: F401  (registers the backend)
from mmcomp.errors import CheckpointError, ConfigError, did_you_mean, fault
from mmcomp.files import atomic_open
from mmcomp.registry import HOOKS
from mmcomp.sharding import divided, is_divided, whole

INTERRUPTED = 'interrupted.pth'


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """``CheckpointHook`` that a kill, a full disk or a diverged step can't rob of its newest checkpoint.

    What the stock hook does otherwise: it deletes the old checkpoint before it
    writes the new one, under its final name, and truncates ``last_checkpoint``
    before it writes that; it removes the best checkpoint before the better one
    is there; gradients that are still being accumulated and the state of
    hooks are not saved. Here: write, flush, rename; move the pointer; prune.

    Args:
        **kwargs: As of ``CheckpointHook``. Hooks with ``state_dict`` and
            ``load_state_dict`` methods are saved with the training.

    Raises:
        CheckpointError: If the weights are not finite; nothing is written then.
    """

    def __init__(self, **kwargs):
        if '://' not in str(kwargs.get('out_dir') or '') and not kwargs.get('file_client_args'):
            kwargs['backend_args'] = kwargs.get('backend_args') or dict(backend='atomic')
        super().__init__(**kwargs)
        self._partial_grads: list | None = None

    # ------------------------------------------------------------ saving

    def save_interrupted(self, runner, epoch: int, iteration: int) -> Path:
        """Save in the middle, as ``interrupted.pth``, which the next regular checkpoint removes."""
        self._write(runner, INTERRUPTED, dict(epoch=epoch, iter=iteration))
        return Path(self.out_dir) / INTERRUPTED

    def saved_at(self, runner) -> bool:
        """Whether the newest checkpoint is of this very iteration."""
        return runner.message_hub.get_info('iter_saved') == runner.iter

    def _save_checkpoint_with_step(self, runner, step: int, meta: dict) -> None:
        outdated = None
        if self.max_keep_ckpts > 0 and (not self.keep_ckpt_ids or self.keep_ckpt_ids[-1] != step):
            if len(self.keep_ckpt_ids) == self.max_keep_ckpts:
                outdated = self.keep_ckpt_ids[0]
            # With the outdated one, so that a run resumed before it was removed removes it.
            runner.message_hub.update_info('keep_ckpt_ids', [*self.keep_ckpt_ids, step])
            self.keep_ckpt_ids.append(step)
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', name)
        self._write(runner, name, meta)
        self._remove(INTERRUPTED)
        if outdated is not None:
            self._remove(self.filename_tmpl.format(outdated))

    def _write(self, runner, name: str, meta: dict) -> None:
        runner.message_hub.update_info('iter_saved', meta['iter'])
        self._partial_grads = _gather_partial_grads(runner)
        runner.save_checkpoint(
            self.out_dir, name, self.file_client_args, save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler, meta=meta, by_epoch=self.by_epoch,
            backend_args=self.backend_args, **self.args)
        self._partial_grads = None
        if is_main_process():
            with atomic_open(os.path.join(runner.work_dir, 'last_checkpoint')) as file:
                file.write(str(self.file_backend.join_path(self.out_dir, name)))

    def _remove(self, name: str) -> None:
        path = self.file_backend.join_path(self.out_dir, name)
        if not is_main_process():
            return
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
        elif self.file_backend.isdir(path):
            self.file_backend.rmtree(path)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Add what the stock Runner leaves out; refuse weights that are lost."""
        for name, parameter in _model(runner).named_parameters():
            # Of weights that are divided among ranks, the file alone has all.
            if not torch.isfinite(checkpoint['state_dict'][name] if is_divided(parameter) else parameter).all():
                at = checkpoint['meta']['iter']
                raise CheckpointError(f'iteration {at}: the weights `{name}` are not finite. No checkpoint is written; '
                                      'the last one stays as it is. The training has diverged: lower the learning '
                                      'rate or clip gradients, and resume.')
        if 'optimizer' not in checkpoint:
            return
        if hasattr(runner.train_loop, 'loader_facts'):
            checkpoint['meta']['loader'] = runner.train_loop.loader_facts()
        checkpoint['hooks'] = {name: hook.state_dict() for name, hook in _stateful(runner)}
        if self._partial_grads is not None:
            checkpoint['partial_grads'] = self._partial_grads

    # ------------------------------------------------------------ the best one

    def after_val_epoch(self, runner, metrics: Mapping) -> None:
        """Note that this iteration was validated, then save the best checkpoint."""
        runner.message_hub.update_info('iter_validated', runner.iter)
        super().after_val_epoch(runner, metrics)

    def _save_best_checkpoint(self, runner, metrics: Mapping) -> None:
        for key in self.key_indicators if self.save_best else ():
            if key not in metrics and key != 'auto':
                raise ConfigError(fault('default_hooks.checkpoint', 'save_best', f'one of {sorted(metrics)}', key,
                                        f'The checkpoint of this epoch is saved; correct the config and resume.'
                                        f'{did_you_mean(key, metrics)}'))
        before = self._best()
        # Saved too, so that a run resumed before they are removed removes them.
        runner.message_hub.update_info('best_before', [os.path.basename(path) for path in before.values() if path])
        self._set_best(dict.fromkeys(before))
        super()._save_best_checkpoint(runner, metrics)
        after = self._best()
        self._set_best({key: after.get(key) or path for key, path in before.items()} | {
            key: path for key, path in after.items() if path})
        self._remove_outdated_best(runner)

    def _remove_outdated_best(self, runner) -> None:
        best = {os.path.basename(path) for path in self._best().values() if path}
        for name in runner.message_hub.get_info('best_before') or ():
            if name not in best:
                self._remove(name)

    def _best(self) -> dict:
        """Path of the best checkpoint by metric; the key is ``None`` for a single metric."""
        if not self.save_best:
            return {}
        if len(self.key_indicators) == 1:
            return {None: self.best_ckpt_path}
        return dict(self.best_ckpt_path_dict)

    def _set_best(self, paths: Mapping) -> None:
        if None in paths:
            self.best_ckpt_path = paths[None]
        elif paths:
            self.best_ckpt_path_dict.update(paths)

    # ------------------------------------------------------------ going on

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Take back the state of hooks and the gradients of an unfinished accumulation."""
        if not runner._resume:
            return
        self._partial_grads = checkpoint.get('partial_grads')
        states = checkpoint.get('hooks', {})
        for name, hook in _stateful(runner):
            if name in states:
                hook.load_state_dict(states[name])

    def before_train(self, runner) -> None:
        """Find the folder, remove what a kill left there, and restore gradients."""
        hub = runner.message_hub
        kept = list(hub.get_info('keep_ckpt_ids') or ())
        super().before_train(runner)
        if kept:
            # The stock hook has shortened the list in place; a training that was not resumed would still have it.
            hub.update_info('keep_ckpt_ids', kept)
        if hub.get_info('last_ckpt'):
            # Else a best score found now would not be written to the checkpoint of this epoch.
            self.last_ckpt = self.file_backend.join_path(self.out_dir, os.path.basename(hub.get_info('last_ckpt')))
        # The folder may have been moved since.
        self._set_best({key: path and self.file_backend.join_path(self.out_dir, os.path.basename(path))
                        for key, path in self._best().items()})
        if is_main_process() and os.path.isdir(self.out_dir):
            for prefix in ('epoch_', 'iter_', 'best_', 'interrupted'):
                for path in Path(self.out_dir).glob(f'.{prefix}*.pth.*.tmp.pth'):
                    path.unlink(missing_ok=True)
        self._remove_outdated_best(runner)
        if self._partial_grads is not None:
            _restore_partial_grads(runner, self._partial_grads)
            self._partial_grads = None


def _model(runner) -> torch.nn.Module:
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def _stateful(runner) -> list:
    """Hooks with a state of their own, named by class."""
    return [(type(hook).__name__, hook) for hook in runner.hooks
            if hasattr(hook, 'state_dict') and hasattr(hook, 'load_state_dict')]


def _gather_partial_grads(runner) -> list[dict] | None:
    """Gradients of every rank in the middle of an accumulation; ``None`` at its end.

    Until the step they are a rank's own, so each rank's are kept; those of divided weights are averaged at once.
    """
    if getattr(runner.optim_wrapper, '_accumulative_counts', 1) == 1:
        return None
    found = {name: p.grad for name, p in _model(runner).named_parameters() if p.grad is not None}
    grads = {name: whole(grad) for name, grad in found.items()}
    if not grads:
        return None
    if get_world_size() == 1 or any(is_divided(grad) for grad in found.values()):
        return [grads]
    gathered = [None] * get_world_size() if get_rank() == 0 else None
    distributed.gather_object(grads, gathered)
    return gathered


def _restore_partial_grads(runner, saved: list[dict]) -> None:
    """Give each rank its gradients; on another number of ranks all get the mean, which the next step averages to."""
    if len(saved) == get_world_size():
        mine = saved[get_rank()]
    else:
        mine = {name: torch.stack([grads[name] for grads in saved]).mean(dim=0) for name in saved[0]}
    for name, parameter in _model(runner).named_parameters():
        if name in mine:
            parameter.grad = divided(mine[name].to(parameter.device, copy=True), parameter)
    runner.logger.info(f'Gradients of an unfinished accumulation are restored ({len(saved)} ranks).')
