"""Tells whoever watches from outside how far a training is."""
import math
import time

from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from mmcomp.files import write_json
from mmcomp.registry import HOOKS


@HOOKS.register_module()
class ProgressHook(Hook):
    """Writes ``done``, ``total`` and ``what`` (``epoch 3 of 20``) to a JSON file, at most once in ``seconds``.

    Args:
        out: The file; replaced as a whole each time.
        seconds: Between two writes.
    """

    priority = 'VERY_LOW'

    def __init__(self, out: str, seconds: float = 1.):
        self.out, self.seconds, self._last, self._score = out, seconds, -math.inf, ''

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Remember the first metric, to tell it with what follows."""
        self._score = next((f', {name} {value:.4g}' for name, value in (metrics or {}).items()), '')

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Write if it is time to."""
        now, done = time.monotonic(), runner.iter + 1
        if is_main_process() and (now - self._last >= self.seconds or done == runner.max_iters):
            self._last = now
            what = (f'epoch {min(runner.epoch + 1, runner.max_epochs)} of {runner.max_epochs}' if runner.max_epochs
                    else f'iteration {done} of {runner.max_iters}')
            write_json(self.out, dict(done=done, total=runner.max_iters, what=what + self._score))
