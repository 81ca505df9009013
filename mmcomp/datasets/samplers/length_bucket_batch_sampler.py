"""Batches of texts of like length."""
from collections.abc import Iterator, Sequence

import numpy as np
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.dist import get_dist_info

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import DATA_SAMPLERS
from mmcomp.wrapped_datasets import values_of_rows


def bucketed_batches(lengths: np.ndarray, batch_size: int, pool_batches: int, noise: int,
                     rng: np.random.Generator) -> list[np.ndarray]:
    """Cut all rows into batches of like length, in random order.

    Rows are shuffled and cut into pools of some batches; each pool is sorted
    by length and cut into batches. So two rows meet by chance, as in any
    training, but are padded to nearly their own length.

    Args:
        lengths: Tokens of each row, ``(N,)``.
        batch_size: Rows a batch.
        pool_batches: Batches a pool.
        noise: Sort as if lengths were up to so many tokens off, so that rows
            of one length do not always meet.
        rng: Where random numbers come from.

    Returns:
        Batches of rows; all but one are full.
    """
    order, batches = rng.permutation(len(lengths)), []
    seen_as = lengths + rng.uniform(-noise, noise, len(lengths))
    for pool in np.split(order, range(pool_batches * batch_size, len(order), pool_batches * batch_size)):
        pool = pool[np.argsort(seen_as[pool], kind='stable')]
        # What fills no batch are the shortest rows, so that the longest batch is a full one.
        batches += np.split(pool, range(len(pool) % batch_size or batch_size, len(pool), batch_size))
    return [batches[i] for i in rng.permutation(len(batches))]


def budget_cuts(lengths: np.ndarray, max_tokens: int, max_rows: int) -> np.ndarray:
    """Where to cut rows that are sorted by length, so that no batch holds more than ``max_tokens`` when padded.

    Args:
        lengths: Rising, ``(N,)``.
        max_tokens: Rows of a batch times its longest row. A row that is longer
            itself is a batch alone.
        max_rows: Rows a batch at most.

    Returns:
        First rows of the batches but the first.
    """
    cuts, start = [], 0
    while True:
        # With so many rows from `start` on, what is the padded size? It rises with the number of rows.
        upto = lengths[start:start + max_rows]
        fits = np.searchsorted(upto * np.arange(1, len(upto) + 1), max_tokens, side='right')
        start += max(int(fits), 1)
        if start >= len(lengths):
            return np.array(cuts, dtype=np.int64)
        cuts.append(start)


@DATA_SAMPLERS.register_module()
class LengthBucketBatchSampler:
    """Batches of rows of like length, so that little is padding.

    Batches of all ranks together are formed first and then dealt out, each
    rank every world-th row. So ranks have the same number of batches and rows
    of like lengths; the order depends on the number of ranks only through
    ``batch_size`` times ranks. Under mmcomp's training loops it begins in the
    middle of an epoch, too.

    Gradient accumulation takes the mean over batches, whatever their rows: two
    batches of 16 make the step of the same 32 rows, but a row of a smaller
    batch counts more. That is the last batch of the rows, which ``drop_last``
    leaves out, and with ``max_tokens`` a long text. Without accumulation
    ``max_tokens`` has that effect between steps.

    With ``max_tokens`` a batch holds as many rows as fit. Rows are sorted
    across the whole epoch then, not in pools, for the number of batches must
    be the same in every epoch.

    Args:
        sampler: A ``DefaultSampler`` or ``InfiniteSampler`` of a data set with
            ``lengths``; its order is not used, only its data set and seed.
        batch_size: Rows a batch and rank; with ``max_tokens``, the most.
        pool_batches: Batches of all ranks that are sorted together. Few: more
            padding. Many: rows meet the same rows more often.
        noise: Sort as if lengths were up to so many tokens off.
        max_tokens: Most tokens a batch and rank, padding included.
        pad_multiple: What batches are padded to a multiple of, for ``max_tokens``.
        longest_first: Whether an epoch begins with its longest batch, so that
            too large a batch runs out of memory at once.
        drop_last: Whether to leave out a few rows, other ones in each epoch,
            that fill no batch. Not with ``max_tokens``.

    Raises:
        ConfigError: If a number is out of range, the sampler is another one,
            or the data set has no lengths.
    """

    def __init__(self, sampler, batch_size: int, pool_batches: int = 100, noise: int = 1,
                 max_tokens: int | None = None, pad_multiple: int = 8, longest_first: bool = False,
                 drop_last: bool = False):
        if type(sampler) not in (DefaultSampler, InfiniteSampler):
            raise ConfigError(fault(type(self).__name__, 'sampler', 'a DefaultSampler or InfiniteSampler',
                                    type(sampler).__name__, 'Batches decide the order here.'))
        if min(batch_size, pool_batches, pad_multiple) < 1 or noise < 0 or (max_tokens is not None and max_tokens < 1):
            raise ConfigError(fault(type(self).__name__, 'batch_size, pool_batches, pad_multiple, noise, max_tokens',
                                    'at least 1, 1, 1, 0, 1',
                                    (batch_size, pool_batches, pad_multiple, noise, max_tokens),
                                    'Correct the config.'))
        self.lengths = text_lengths(sampler.dataset)
        self.rank, self.world_size = get_dist_info()
        self.batch_size, self.pool_batches, self.noise, self.max_tokens = batch_size, pool_batches, noise, max_tokens
        self.pad_multiple, self.longest_first, self.drop_last = pad_multiple, longest_first, drop_last
        self.seed, self.epoch = sampler.seed, 0
        self._cuts: np.ndarray | None = None

    @property
    def global_batch_size(self) -> int:
        """Rows, or with ``max_tokens`` tokens, of a batch of all ranks together."""
        return (self.batch_size if self.max_tokens is None else self.max_tokens) * self.world_size

    def set_epoch(self, epoch: int) -> None:
        """The order is another one in each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Batches an epoch."""
        if self.max_tokens is not None:
            return len(self._budget_cuts()) + 1
        size = self.global_batch_size
        return len(self.lengths) // size if self.drop_last else -(-len(self.lengths) // size)

    def global_batches(self) -> list[np.ndarray]:
        """Batches of all ranks together, of this epoch; every row once, but for those that are dropped."""
        rng = np.random.default_rng((self.seed, self.epoch))
        if self.max_tokens is not None:
            batches = self._budget_batches(rng)
        elif self.drop_last:
            kept = np.sort(rng.permutation(len(self.lengths))[:len(self) * self.global_batch_size])
            batches = [kept[batch] for batch in self._bucketed(self.lengths[kept], rng)]
        else:
            batches = self._bucketed(self.lengths, rng)
        if self.longest_first and batches:
            longest = max(range(len(batches)), key=lambda i: int(self.lengths[batches[i]].max()) * len(batches[i]))
            batches.insert(0, batches.pop(longest))
        return batches

    def __iter__(self) -> Iterator[list[int]]:
        """Batches of this rank."""
        for batch in self.global_batches():
            yield [int(row) for row in shared_evenly(batch, self.world_size)[self.rank::self.world_size]]

    def _bucketed(self, lengths: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        return bucketed_batches(lengths, self.global_batch_size, self.pool_batches, self.noise, rng)

    def _budget_cuts(self) -> np.ndarray:
        if self._cuts is None:
            # Noise can move a row by twice its size up the order, and what follows it by as much down.
            worst = np.minimum(np.sort(self.lengths).astype(np.int64) + 2 * self.noise, self.lengths.max())
            worst = -(-worst // self.pad_multiple) * self.pad_multiple
            # A rank gets one of so many rows that follow each other, in the worst case the last.
            ends = np.arange(self.world_size - 1, len(worst) + self.world_size - 1, self.world_size)
            worst = worst[ends.clip(max=len(worst) - 1)]
            self._cuts = budget_cuts(worst, self.max_tokens, self.batch_size) * self.world_size
        return self._cuts

    def _budget_batches(self, rng: np.random.Generator) -> list[np.ndarray]:
        order = rng.permutation(len(self.lengths))
        seen_as = self.lengths[order] + rng.uniform(-self.noise, self.noise, len(order))
        batches = np.split(order[np.argsort(seen_as, kind='stable')], self._budget_cuts())
        return [batches[i] for i in rng.permutation(len(batches))]


def shared_evenly(batch: Sequence[int], ranks: int) -> np.ndarray:
    """A batch whose first rows come again at its end, where its size is no multiple of the ranks."""
    return np.resize(batch, -(-len(batch) // ranks) * ranks)


def text_lengths(dataset: object) -> np.ndarray:
    """``lengths`` of a data set, through the wrappers around it, ``(N,)``.

    Raises:
        ConfigError: If it has none.
    """
    return values_of_rows(dataset, _own_lengths)


def _own_lengths(dataset: object) -> np.ndarray:
    if not hasattr(dataset, 'lengths'):
        raise ConfigError(fault('LengthBucketBatchSampler', 'dataset', 'one with `lengths`, such as TabularTextDataset',
                                type(dataset).__name__, 'Take out the batch sampler, or use such a data set.'))
    return dataset.lengths
