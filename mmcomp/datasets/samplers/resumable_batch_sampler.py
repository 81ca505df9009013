"""Batches of training data that can begin in the middle of an epoch."""
import math
from collections.abc import Iterator
from itertools import islice

from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.dist import get_dist_info
from torch.utils.data import BatchSampler

from mmcomp.datasets.samplers.length_bucket_batch_sampler import shared_evenly
from mmcomp.datasets.seeded_dataset import SeededIndex
from mmcomp.randomness import SAMPLE, derive_seed
from mmcomp.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class ResumableBatchSampler:
    """Batches from any batch on, each row with the seed of its sample.

    With mmengine's ``DefaultSampler`` and ``InfiniteSampler`` the batches of
    all ranks together are cut from one order of the data set and dealt out
    round robin. So the order and the number of batches are the same for every
    number of ranks, as long as ``batch_size`` times ranks is. A last batch that
    the ranks can't share evenly is filled with the first rows of the epoch.
    That is the stock order too, except that here ``drop_last`` also drops a
    last batch which padding alone would have filled.

    A batch sampler of the config's own that forms batches of all ranks at once
    (``global_batches()``, as :class:`LengthBucketBatchSampler`) is dealt out in
    the same way. Any other one, and any other sampler, is taken as it is; it
    begins in the middle on the same number of ranks only.

    Args:
        sampler: Gives the rows.
        batch_size: Rows a batch and rank.
        drop_last: Whether to leave out a last batch that is not full.
        batch_sampler: Config of a batch sampler to take the batches from.
        own_seed: Whether the sampler keeps the seed it has.
    """

    def __init__(self, sampler, batch_size: int, drop_last: bool = False, batch_sampler: dict | None = None,
                 own_seed: bool = False):
        self.own_seed = own_seed
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last
        self.rank, self.world_size = get_dist_info()
        self.epoch = self.start = self.seed = 0
        self.batches = None
        if batch_sampler is not None:
            self.batches = DATA_SAMPLERS.build(batch_sampler, default_args=dict(sampler=sampler, batch_size=batch_size))
        self.formed = hasattr(self.batches, 'global_batches')
        self.endless = isinstance(sampler, InfiniteSampler) and not self.formed
        # Subclasses may order the rows in a way that the number of ranks has a part in.
        dealt = batch_sampler is None and type(sampler) in (DefaultSampler, InfiniteSampler)
        self.elastic = dealt or self.formed
        if dealt:
            sampler.rank, sampler.world_size = 0, 1
            if not self.endless:
                sampler.num_samples = sampler.total_size = len(sampler.dataset)
        elif batch_sampler is None:
            self.batches = BatchSampler(sampler, batch_size, drop_last)

    @property
    def global_batch_size(self) -> int:
        """Rows, or whatever else measures it, of a batch of all ranks together."""
        return self.batches.global_batch_size if self.formed else self.batch_size * self.world_size

    def place(self, seed: int, epoch: int, start: int) -> None:
        """Let the next iteration begin at batch ``start`` of an epoch."""
        self.seed, self.epoch, self.start = seed, epoch, start
        for part in (self.sampler, self.batches):
            if hasattr(part, 'seed') and not self.own_seed:
                part.seed = seed
            if hasattr(part, 'set_epoch'):
                part.set_epoch(epoch)

    def __len__(self) -> int:
        """Batches of a whole epoch; of an endless sampler, those that go through the data once."""
        if self.batches is not None:
            return len(self.batches)
        count = len(self.sampler) / self.global_batch_size
        return math.floor(count) if self.drop_last and not self.endless else math.ceil(count)

    def __iter__(self) -> Iterator[list[SeededIndex]]:
        if self.formed:
            return self._formed()
        return self._dealt() if self.elastic else self._as_they_are()

    def _dealt(self) -> Iterator[list[SeededIndex]]:
        size, at = self.global_batch_size, self.start * self.global_batch_size
        if self.endless:
            self.sampler.skip(at)
            order, rows = [], iter(self.sampler)
        else:
            order = list(self.sampler)
            rows = iter(order[at:])
        while chunk := list(islice(rows, size)):
            if len(chunk) < size and self.drop_last:
                return
            lacking = -len(chunk) % self.world_size
            chunk += [order[i % len(order)] for i in range(lacking)]
            yield [self._seeded(row, at + i) for i, row in enumerate(chunk)][self.rank::self.world_size]
            at += size

    def _formed(self) -> Iterator[list[SeededIndex]]:
        for number, batch in enumerate(self.batches.global_batches()):
            if number >= self.start:
                rows = shared_evenly(batch, self.world_size)
                yield [self._seeded(int(row), number, i) for i, row in enumerate(rows)][self.rank::self.world_size]

    def _as_they_are(self) -> Iterator[list[SeededIndex]]:
        for number, batch in enumerate(self.batches):
            if number >= self.start:
                yield [self._seeded(row, number, i, self.rank) for i, row in enumerate(batch)]

    def _seeded(self, row: int, *place: int) -> SeededIndex:
        return SeededIndex(row, derive_seed(SAMPLE, self.seed, self.epoch, *place))
