"""Rows of rare classes more than once an epoch."""
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from mmengine.dataset import DefaultSampler

from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.registry import DATA_SAMPLERS
from mmcomp.wrapped_datasets import values_of_rows

from .corpora_sampler import corpus_rows

RULES = ((100, 5), (500, 3), (1000, 2))


def times_by_class(counts: np.ndarray, rules: Sequence[tuple[int, float]]) -> np.ndarray:
    """How often the rows of each class come: of the rules ``(below, times)`` with more rows than it has, the lowest
    counts; 1 where there is none."""
    times = np.ones(len(counts))
    for below, factor in sorted(rules, reverse=True):
        times[counts < below] = factor
    return times


@DATA_SAMPLERS.register_module()
class RareClassSampler(DefaultSampler):
    """An epoch has the rows of a rare class several times, by a table of rules.

    A ``ClassBalancedDataset`` of mmengine repeats by the root of a frequency
    instead. All rows come at least once where ``times`` are 1 or more; with a
    fraction, such as 2.5, the rest is drawn anew in each epoch.

    Args:
        dataset: With ``get_gt_labels()``, one class a row, maybe wrapped.
        rules: ``(below, times)``: a class with fewer rows than ``below`` is gone through ``times`` an epoch. By
            default fivefold below 100, threefold below 500, twofold below 1000.
        shuffle, seed: As of ``DefaultSampler``.

    Raises:
        ConfigError: If a number of a rule is not above 0.
        DataError: If the data set does not tell one class a row.
    """

    def __init__(self, dataset, rules: Sequence[tuple[int, float]] = RULES, shuffle: bool = True,
                 seed: int | None = None):
        super().__init__(dataset, shuffle, seed)
        rules = [tuple(rule) for rule in rules]
        if not all(len(rule) == 2 and min(rule) > 0 for rule in rules):
            raise ConfigError(fault('RareClassSampler', 'rules', 'pairs (below, times) above 0', rules,
                                    'Correct the config.'))
        labels = values_of_rows(dataset, _labels)
        members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        shares = times_by_class(np.array([len(rows) for rows in members]), rules)
        self.classes = [(torch.from_numpy(rows), float(share)) for rows, share in zip(members, shares)]
        total = sum(round(share * len(rows)) for rows, share in self.classes)
        self.num_samples = math.ceil(total / self.world_size)
        self.total_size = self.num_samples * self.world_size

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch) if self.shuffle else None
        rows = torch.cat([rows[corpus_rows(len(rows), share, generator)] for rows, share in self.classes])
        rows = rows[torch.randperm(len(rows), generator=generator)] if self.shuffle else rows.sort().values
        # All ranks have as many; the first rows fill up.
        rows = torch.cat([rows, rows[:self.total_size - len(rows)]])
        return iter(rows[self.rank::self.world_size].tolist())


def _labels(dataset) -> np.ndarray:
    labels = np.asarray(dataset.get_gt_labels()) if hasattr(dataset, 'get_gt_labels') else np.empty((0, 0))
    if labels.ndim != 1:
        raise DataError(fault('RareClassSampler', 'dataset', 'of one class a row, told by get_gt_labels()',
                              type(dataset).__name__, 'Take DefaultSampler.'))
    return labels
