"""The competition's score while training."""
import csv
from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from mmcomp.competitions.wechat.scoring import LABEL_SETS, all_scores, level_f1
from mmcomp.competitions.wechat.taxonomy import Taxonomy
from mmcomp.errors import ConfigError, fault
from mmcomp.files import atomic_open
from mmcomp.registry import METRICS


@METRICS.register_module()
class WeChatMetric(BaseMetric):
    """Mean of micro and macro F1 of both levels; see :func:`mmcomp.competitions.wechat.scoring.all_scores`.

    Args:
        leaves: Leaves of each parent, by default the 200 of the competition.
        label_set: ``present``, as the organisers count, or ``all``.
        counts: Training samples of each class, for ``small_class_recall``.
        small: Classes of fewer are small.
        save_per_class: A CSV to write with code, samples and F1 of each class.
        collect_device: As of mmengine's metrics.
        prefix: Of the names, ``wechat/score`` and so on.

    Raises:
        ConfigError: If ``label_set`` is unknown.
    """
    default_prefix = 'wechat'

    def __init__(self, leaves: Sequence[int] | None = None, label_set: str = 'present',
                 counts: Sequence[int] | None = None, small: int = 50, save_per_class: str | None = None,
                 collect_device: str = 'cpu', prefix: str | None = None):
        super().__init__(collect_device, prefix)
        if label_set not in LABEL_SETS:
            raise ConfigError(fault('WeChatMetric', 'label_set', f'one of {LABEL_SETS}', label_set, 'Correct it.'))
        self.taxonomy = Taxonomy.from_counts(leaves) if leaves else Taxonomy.from_counts()
        self.label_set, self.counts, self.small, self.save_per_class = label_set, counts, small, save_per_class

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep scores and truth of a batch; samples with soft labels count by their highest."""
        for sample in data_samples:
            truth = sample['gt_label'] if 'gt_label' in sample else sample['gt_score'].argmax()
            self.results.append((sample['pred_score'].float().cpu().numpy(), int(truth)))

    def compute_metrics(self, results: list) -> dict[str, float]:
        scores, truth = np.stack([score for score, _ in results]), np.array([label for _, label in results])
        if scores.shape[1] != len(self.taxonomy):
            raise ConfigError(fault('WeChatMetric', 'leaves', f'{scores.shape[1]} in all, as the model has outputs',
                                    len(self.taxonomy), 'Give the counts of the data.'))
        if self.save_per_class:
            self._save(scores.argmax(axis=1), truth)
        return all_scores(scores, truth, self.taxonomy, self.label_set, self.counts, self.small)

    def _save(self, predicted: np.ndarray, truth: np.ndarray) -> None:
        number = np.bincount(truth, minlength=len(self.taxonomy))
        values = level_f1(predicted, truth, len(self.taxonomy))
        with atomic_open(self.save_per_class, newline='') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(('category_id', 'samples', 'f1'))
            writer.writerows((code, int(n), '' if np.isnan(f1) else f'{f1:.6f}')
                             for code, n, f1 in zip(self.taxonomy.codes, number, values, strict=True))
