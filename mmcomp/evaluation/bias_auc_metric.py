"""Bias score of a model's predictions, over all ranks."""
import logging
from collections.abc import Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.metrics.bias_auc import BiasAreas, bias_areas, bias_score, slice_means
from mmcomp.registry import METRICS


@METRICS.register_module()
class BiasAUCMetric(BaseMetric):
    """:func:`mmcomp.metrics.bias_auc.bias_score` of one task's scores.

    Samples need ``gt_score`` ``(T,)``, ``pred_score`` ``(T,)`` and as meta
    information ``sample_id`` and ``groups``, K shares in the order of
    ``groups``. A sample that several ranks had counts once.

    Returns ``score`` (higher is better), ``auc``, the three means of the
    slices, and with ``details`` the area of each slice of each group.

    Args:
        groups: Names of the K groups.
        task: Which of the T scores.
        threshold: From so much on a share means yes; a missing one means no.
        power: Of the mean over groups.
        overall_weight: Share of the area of all samples.
        degenerate: What a slice of one kind of samples does; see :func:`mmcomp.metrics.bias_auc.slice_means`. With
            ``skip`` and no group left, the score is NaN and a warning says why: a training goes on.
        details: Also give the areas one by one.
        collect_device: As of ``BaseMetric``.
        prefix: Before the keys.
    """
    default_prefix = 'bias'

    def __init__(self, groups: Sequence[str], task: int = 0, threshold: float = .5, power: float = -5.,
                 overall_weight: float = .25, degenerate: str = 'skip', details: bool = False,
                 collect_device: str = 'cpu', prefix: str | None = None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.groups, self.task, self.threshold, self.details = tuple(groups), task, threshold, details
        self.how = dict(power=power, degenerate=degenerate)
        self.overall_weight = overall_weight

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep id, score, truth and groups of each sample of a batch."""
        for sample in data_samples:
            lacking = [key for key in ('sample_id', 'groups', 'gt_score', 'pred_score') if key not in sample]
            if lacking:
                raise ConfigError(fault(type(self).__name__, 'samples', 'of id, groups, targets and scores',
                                        f'no {", ".join(lacking)}', 'Read them with a data set that has groups.'))
            score, truth = (_number(sample[key], self.task) for key in ('pred_score', 'gt_score'))
            self.results.append((sample['sample_id'], score, truth, np.asarray(sample['groups'], dtype=np.float32)))

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """The score of the samples of all ranks."""
        kept = list({name: row for name, *row in results}.values())
        scores, truth = (np.array([row[place] for row in kept]) for place in (0, 1))
        groups = np.stack([row[2] for row in kept])
        if groups.shape[1] != len(self.groups):
            raise DataError(fault(type(self).__name__, 'groups', f'{len(self.groups)} shares a sample', groups.shape[1],
                                  'Name the groups of the data set in its order.'))
        areas = bias_areas(truth >= self.threshold, groups >= self.threshold, scores)
        how = dict(self.how, degenerate='nan') if self._nothing_left(areas) else self.how
        found = dict(score=bias_score(areas, overall_weight=self.overall_weight, **how), auc=areas.overall,
                     **slice_means(areas, **how))
        return found | (self._each(areas) if self.details else {})

    def _nothing_left(self, areas: BiasAreas) -> bool:
        """Whether groups are skipped and a kind of slices has none left; told."""
        empty = [name for name, values in areas.slices().items() if np.isnan(values).all()]
        if self.how['degenerate'] != 'skip' or not empty:
            return False
        print_log(f'{type(self).__name__}: no score, for no group has positives and negatives both in its slices '
                  f'{", ".join(empty)}. Validate on more samples.', 'current', logging.WARNING)
        return True

    def _each(self, areas: BiasAreas) -> dict[str, float]:
        return {f'{kind}/{name}': float(value) for kind, values in areas.slices().items()
                for name, value in zip(self.groups, values, strict=True)}


def _number(values: torch.Tensor, task: int) -> float:
    return float(values.flatten()[task])
