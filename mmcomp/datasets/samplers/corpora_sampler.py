"""The order of rows of several corpora, one behind the other."""
import math
from collections.abc import Iterator, Sequence

import torch
from mmengine.dataset import DefaultSampler
from torch.utils.data import ConcatDataset

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import DATA_SAMPLERS


def corpus_rows(size: int, share: float, generator: torch.Generator | None) -> torch.Tensor:
    """``share * size`` rows of a corpus: it is gone through as often as the share says, then in part.

    Args:
        size: Rows there are.
        share: How often each is taken on average.
        generator: Shuffles each pass; ``None`` for rows in order.
    """
    wanted, passes = round(share * size), []
    while wanted > 0:
        order = torch.arange(size) if generator is None else torch.randperm(size, generator=generator)
        passes.append(order[:wanted])
        wanted -= len(passes[-1])
    return torch.cat(passes) if passes else torch.zeros(0, dtype=torch.long)


@DATA_SAMPLERS.register_module()
class CorporaSampler(DefaultSampler):
    """An epoch of a ``ConcatDataset`` goes through one part after the other, each shuffled by itself.

    So a pre-training sees unlabeled videos and then labeled ones in every epoch;
    schedules count all of them, since they count batches of the one loader.
    ``DefaultSampler`` mixes the parts; this one does with ``mixed=True``, in
    which ``shares`` are of use.

    Args:
        dataset: A ``ConcatDataset``, maybe wrapped.
        order: Numbers of the parts in the order of an epoch; by default that of
            the data set.
        shares: How often each part is gone through in an epoch, in the order of
            the data set: 0.5 for another half each time, by default 1.
        mixed: Shuffle all parts together.
        shuffle, seed: As of ``DefaultSampler``.

    Raises:
        ConfigError: If the data set has no parts, or ``order`` or ``shares`` are not of its parts.
    """

    def __init__(self, dataset, order: Sequence[int] | None = None, shares: Sequence[float] | None = None,
                 mixed: bool = False, shuffle: bool = True, seed: int | None = None):
        super().__init__(dataset, shuffle, seed)
        self.sizes = _part_sizes(dataset)
        self.order = list(range(len(self.sizes)) if order is None else order)
        self.shares = [1.0] * len(self.sizes) if shares is None else list(shares)
        self.mixed = mixed
        if sorted(self.order) != list(range(len(self.sizes))) or len(self.shares) != len(self.sizes) or (
                min(self.shares) < 0):
            raise ConfigError(fault('CorporaSampler', 'order, shares', f'numbers of the {len(self.sizes)} parts, and '
                                    'as many shares of 0 or more', (self.order, self.shares), 'Correct the config.'))
        rows = sum(round(share * size) for share, size in zip(self.shares, self.sizes))
        self.num_samples = math.ceil(rows / self.world_size)
        self.total_size = self.num_samples * self.world_size

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch) if self.shuffle else None
        starts = [sum(self.sizes[:part]) for part in range(len(self.sizes))]
        rows = torch.cat([starts[part] + corpus_rows(self.sizes[part], self.shares[part], generator)
                          for part in self.order])
        if self.mixed and self.shuffle:
            rows = rows[torch.randperm(len(rows), generator=generator)]
        # All ranks have as many; the first rows fill up.
        rows = torch.cat([rows, rows[:self.total_size - len(rows)]])
        return iter(rows[self.rank::self.world_size].tolist())


def _part_sizes(dataset) -> list[int]:
    while hasattr(dataset, 'wrapped'):
        dataset = dataset.wrapped
    if not isinstance(dataset, ConcatDataset):
        raise ConfigError(fault('CorporaSampler', 'dataset', 'a ConcatDataset', type(dataset).__name__,
                                "Wrap the data sets: dict(type='ConcatDataset', datasets=[…])."))
    return [len(part) for part in dataset.datasets]
