"""What the two training loops share: where to go on, and random numbers that know the step."""
from mmengine.dist import get_rank

from mmcomp.errors import CheckpointError, ConfigError, fault
from mmcomp.randomness import STEP, VALIDATION, derive_seed, seed_all


def resumable_loader(dataloader):
    """The config of a training data loader with :class:`ResumableBatchSampler` and :class:`SeededDataset` in it.

    A loader that is built already is returned as it is; it always starts at the
    beginning of an epoch.
    """
    if not isinstance(dataloader, dict):
        return dataloader
    cfg = dict(dataloader)
    cfg['dataset'] = dict(type='SeededDataset', dataset=cfg['dataset'])
    cfg['batch_sampler'] = dict(type='ResumableBatchSampler', drop_last=cfg.pop('drop_last', False),
                                batch_sampler=cfg.get('batch_sampler'), own_seed='seed' in cfg['sampler'])
    return cfg


class Resumption:
    """Mixin of a training loop of mmengine.

    Args:
        runner: The runner.
        dataloader: Config of the training data loader, or a data loader.
        **kwargs: Those of mmengine's loop.
    """

    def __init__(self, runner, dataloader, **kwargs):
        super().__init__(runner, resumable_loader(dataloader), **kwargs)
        self.require_batches()

    @property
    def batches(self):
        """The batch sampler, or ``None`` for a loader that was built elsewhere."""
        sampler = self.dataloader.batch_sampler
        return sampler if hasattr(sampler, 'place') else None

    @property
    def base_seed(self) -> int:
        """The seed that all ranks share."""
        randomness = self.runner.cfg.get('randomness') or {}
        return self.runner.seed - (get_rank() if randomness.get('diff_rank_seed') else 0)

    def loader_facts(self) -> dict:
        """What a checkpoint must know of the loader, so that another number of ranks can go on."""
        facts = dict(batches_per_epoch=len(self.dataloader))
        if self.batches is not None:
            facts |= dict(global_batch_size=self.batches.global_batch_size, world_size=self.batches.world_size,
                          elastic=self.batches.elastic)
        return facts

    def require_batches(self) -> None:
        """Raise if an epoch has no batch; the training would end at once, with nothing learnt."""
        if len(self.dataloader) == 0:
            batch = self.batches.global_batch_size if self.batches is not None else self.dataloader.batch_size
            raise ConfigError(fault(
                'train_dataloader', 'batch_size', f'at most {len(self.dataloader.dataset)} for all ranks together, '
                'the rows of the data set, as drop_last leaves out a batch that is not full', batch, 'Lower it.'))

    def position(self, epoch: int) -> int:
        """Batches of ``epoch`` that were trained on before.

        Raises:
            CheckpointError: If the epochs had another length then.
        """
        length = len(self.dataloader)
        start = self._iter - epoch * length
        if not 0 <= start <= length:
            raise CheckpointError(
                f'the checkpoint is at iteration {self._iter} in epoch {epoch + 1}, but an epoch has {length} batches '
                'now. The data set or the batch size has changed: undo that, or start anew with its weights '
                '(--load-from).')
        if start and self.batches is None:
            raise CheckpointError('the checkpoint was written in the middle of an epoch, and the data loader was not '
                                  'built from a config. Resume from one at the end of an epoch.')
        return start

    def validate_if_due(self, at: int) -> None:
        """Validate after ``at`` epochs (or iterations), unless that was done before the training was resumed."""
        due = self.runner.val_loop is not None and at >= self.val_begin and (
            at % self.val_interval == 0 or at == self._end)
        hub = self.runner.message_hub
        if due and hub.get_info('iter_validated') != self._iter:
            # Else a checkpoint of the best score would tell whether the training was resumed.
            hub.update_info_dict(dict(epoch=self._epoch, iter=self._iter))
            seed_all(derive_seed(VALIDATION, self.base_seed, self._iter, get_rank()))
            self.runner.val_loop.run()

    def run_iter(self, *args, **kwargs) -> None:
        """One step, with random numbers of its own."""
        seed_all(derive_seed(STEP, self.base_seed, self._iter, get_rank()))
        super().run_iter(*args, **kwargs)
