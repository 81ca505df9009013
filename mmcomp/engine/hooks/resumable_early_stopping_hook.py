"""Early stopping that remembers its count."""
from mmengine.hooks import EarlyStoppingHook

from mmcomp.registry import HOOKS


@HOOKS.register_module()
class ResumableEarlyStoppingHook(EarlyStoppingHook):
    """``EarlyStoppingHook`` whose best score and patience survive a resume; the stock hook starts to count anew.

    Args:
        **kwargs: As of ``EarlyStoppingHook``.
    """

    # Before CheckpointHook, so that a checkpoint written after a validation knows its outcome.
    priority = 'LOW'

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.stopped = False

    def before_train(self, runner) -> None:
        runner.train_loop.stop_training |= self.stopped

    def after_val_epoch(self, runner, metrics) -> None:
        super().after_val_epoch(runner, metrics)
        self.stopped = runner.train_loop.stop_training

    def state_dict(self) -> dict:
        return dict(wait_count=self.wait_count, best_score=self.best_score, stopped=self.stopped)

    def load_state_dict(self, state: dict) -> None:
        self.wait_count, self.best_score, self.stopped = state['wait_count'], state['best_score'], state['stopped']
