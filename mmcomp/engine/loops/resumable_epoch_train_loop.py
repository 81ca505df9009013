"""The epoch-based training loop, resumable at any iteration."""
from mmengine.runner import EpochBasedTrainLoop

from mmcomp.engine.loops.resumption import Resumption
from mmcomp.registry import LOOPS


@LOOPS.register_module()
class ResumableEpochTrainLoop(Resumption, EpochBasedTrainLoop):
    """``EpochBasedTrainLoop`` that goes on exactly where a checkpoint was written.

    The stock loop starts the epoch of a checkpoint again, so that one written
    in the middle counts iterations twice; forgets a validation that a kill cut
    short; and goes on with other random numbers.

    Args:
        runner: The runner.
        dataloader: Config of the training data loader, or a data loader.
        **kwargs: ``max_epochs``, ``val_begin``, ``val_interval``, ``dynamic_intervals``.
    """

    @property
    def _end(self) -> int:
        return self._max_epochs

    def run(self):
        """Train, from where the checkpoint was written."""
        self.runner.call_hook('before_train')
        self._decide_current_val_interval()
        start = self.position(self._epoch)
        if self._epoch and not start:
            self.validate_if_due(self._epoch)
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch(start)
            start = 0
            self._decide_current_val_interval()
            self.validate_if_due(self._epoch)
        self.runner.call_hook('after_train')
        return self.runner.model

    def run_epoch(self, start: int = 0) -> None:
        """Train on the batches of an epoch from ``start`` on."""
        if self.batches is not None:
            self.batches.place(self.base_seed, self._epoch, start)
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for idx, data_batch in enumerate(self.dataloader, start):
            self.run_iter(idx, data_batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
