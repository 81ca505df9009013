"""Finish the step, save and leave when the cluster asks for it."""
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from mmengine.dist import all_reduce, barrier, get_world_size, is_main_process
from mmengine.hooks import EMAHook, Hook

from mmcomp.engine.hooks.atomic_checkpoint_hook import AtomicCheckpointHook
from mmcomp.files import atomic_open
from mmcomp.registry import HOOKS
from mmcomp.signals import STOPPED

MARKER = 'PREEMPTED'


@HOOKS.register_module()
class PreemptionHook(Hook):
    """Answers SIGTERM and SIGUSR1: the step is finished, a checkpoint saved, ``PREEMPTED`` left in the work folder,
    and the process ends with status 85.

    Slurm sends SIGTERM when a job is preempted, and ``--signal=USR1@120`` before
    its time is up. The ranks agree on the step by asking each other, so all save
    the same one. During a validation the training leaves at once if it runs
    alone or its checkpoint is there already, else when the validation is over.

    Args:
        signals: Names of the signals to answer.
        interval: Steps between two questions to the other ranks. By default 1
            on the CPU and 10 on a GPU, where asking waits for the GPU.
    """

    # After CheckpointHook, so that what it saves of the same step comes first.
    priority = 'LOWEST'

    def __init__(self, signals: Sequence[str] = ('SIGTERM', 'SIGUSR1'), interval: int | None = None):
        self.signals = [getattr(signal, name) for name in signals]
        self.interval = interval or (10 if torch.cuda.is_available() else 1)
        self.asked = False

    def before_train(self, runner) -> None:
        """Listen from now on; a marker of an earlier run goes."""
        self.asked = False
        if is_main_process():
            (Path(runner.work_dir) / MARKER).unlink(missing_ok=True)
        if threading.current_thread() is threading.main_thread():
            for number in self.signals:
                signal.signal(number, self._note)

    def _note(self, number: int, frame) -> None:
        self.asked = True

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Leave after this step if any rank was asked to."""
        if (runner.iter + 1) % self.interval == 0 and self._anyone_asked():
            self._save(runner, runner.epoch, runner.iter + 1)
            self._leave(runner)

    def after_val_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Leave in the middle of a validation, which a resumed training repeats."""
        saver = _saver(runner)
        if not self.asked or saver is None:
            return
        if saver.saved_at(runner):
            self._leave(runner, wait=False)
        if get_world_size() == 1:
            for hook in runner.hooks:
                if isinstance(hook, EMAHook):
                    # Puts the trained weights back in the place of the averaged ones.
                    hook.after_val_epoch(runner)
            self._save(runner, runner.epoch, runner.iter)
            self._leave(runner)

    def after_val(self, runner) -> None:
        """Leave after a validation if any rank was asked to."""
        if self._anyone_asked():
            self._save(runner, runner.epoch, runner.iter)
            self._leave(runner)

    def after_train(self, runner) -> None:
        """All is saved: what comes now must not turn a good end into a kill."""
        if threading.current_thread() is threading.main_thread() and signal.SIGUSR1 in self.signals:
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    def _anyone_asked(self) -> bool:
        asked = torch.tensor(int(self.asked))
        all_reduce(asked, op='max')
        return bool(asked)

    def _save(self, runner, epoch: int, iteration: int) -> None:
        saver = _saver(runner)
        if saver is not None:
            path = saver.save_interrupted(runner, epoch, iteration)
            runner.logger.warning(f'Asked to stop: saved {path} at iteration {iteration}. Resume with --resume.')

    def _leave(self, runner, wait: bool = True) -> None:
        if is_main_process() or not wait:
            with atomic_open(os.path.join(runner.work_dir, MARKER)) as file:
                file.write(f'iteration {runner.iter}\n')
        if wait:
            barrier()
        raise SystemExit(STOPPED)


def _saver(runner) -> AtomicCheckpointHook | None:
    return next((hook for hook in runner.hooks if isinstance(hook, AtomicCheckpointHook)), None)


@contextmanager
def restored_signals(signals: Sequence[str] = ('SIGTERM', 'SIGUSR1')) -> Iterator[None]:
    """Give signals back to whoever answered them before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {getattr(signal, name): signal.getsignal(getattr(signal, name)) for name in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
