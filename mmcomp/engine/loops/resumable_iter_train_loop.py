"""The iteration-based training loop, resumable at any iteration."""
from mmengine.runner import IterBasedTrainLoop

from mmcomp.engine.loops.resumption import Resumption
from mmcomp.registry import LOOPS


class EndlessBatches:
    """Epoch after epoch of a data loader, from any iteration on.

    The stock iterator can skip rows only where the loader has no batch sampler,
    and sleeps two seconds between epochs.
    """

    def __init__(self, loop):
        self.loop, self._iterator, self.done = loop, None, 0

    def skip_iter(self, count: int) -> None:
        """Begin after ``count`` batches."""
        self.done = count

    def __iter__(self) -> 'EndlessBatches':
        return self

    def __next__(self):
        while True:
            if self._iterator is None:
                self._iterator = iter(self._epoch())
            batch = next(self._iterator, None)
            if batch is not None:
                self.done += 1
                return batch
            self._iterator = None

    def _epoch(self):
        batches, loader = self.loop.batches, self.loop.dataloader
        if batches is not None:
            epoch, start = (0, self.done) if batches.endless else divmod(self.done, len(loader))
            batches.place(self.loop.base_seed, epoch, start)
        return loader


@LOOPS.register_module()
class ResumableIterTrainLoop(Resumption, IterBasedTrainLoop):
    """``IterBasedTrainLoop`` that goes on exactly where a checkpoint was written.

    Args:
        runner: The runner.
        dataloader: Config of the training data loader, or a data loader.
        **kwargs: ``max_iters``, ``val_begin``, ``val_interval``, ``dynamic_intervals``.
    """

    def __init__(self, runner, dataloader, **kwargs):
        super().__init__(runner, dataloader, **kwargs)
        self.dataloader_iterator = EndlessBatches(self)

    @property
    def _end(self) -> int:
        return self._max_iters

    def run(self):
        """Train, from where the checkpoint was written."""
        self.runner.call_hook('before_train')
        self.runner.call_hook('before_train_epoch')
        self.dataloader_iterator.skip_iter(self._iter)
        self._decide_current_val_interval()
        if self._iter:
            self.validate_if_due(self._iter)
        while self._iter < self._max_iters and not self.stop_training:
            self.runner.model.train()
            self.run_iter(next(self.dataloader_iterator))
            self._decide_current_val_interval()
            self.validate_if_due(self._iter)
        self.runner.call_hook('after_train_epoch')
        self.runner.call_hook('after_train')
        return self.runner.model
