"""Cross entropy of a classifier's predictions, over all ranks."""
from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from mmcomp.errors import ConfigError, fault
from mmcomp.metrics.log_loss import true_log_loss
from mmcomp.registry import METRICS


@METRICS.register_module()
class LogLossMetric(BaseMetric):
    """The validation loss: :func:`mmcomp.metrics.log_loss.log_loss` of probabilities, as ``log_loss/mean``.

    Smoother than an accuracy, so what watches a validation, such as ``SWADHook``, sees better where it turns. Give it
    beside another: ``val_evaluator=[dict(type='Accuracy'), dict(type='LogLossMetric')]``. Samples need ``gt_label``
    with one label and ``pred_score`` ``(C,)``; one with a ``sample_id`` that several ranks had counts once.

    Args:
        collect_device, prefix: As of ``BaseMetric``.
    """
    default_prefix = 'log_loss'

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None):
        super().__init__(collect_device=collect_device, prefix=prefix)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep the probability of the true class of each sample of a batch."""
        for sample in data_samples:
            labels = sample['gt_label'].flatten().tolist() if 'gt_label' in sample else []
            if len(labels) != 1 or 'pred_score' not in sample:
                raise ConfigError(fault('LogLossMetric', 'samples', 'of one label and scores', sorted(sample),
                                        'Read them with a data set that has labels.'))
            self.results.append((sample.get('sample_id'), float(sample['pred_score'].flatten()[labels[0]])))

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """The mean over the samples of all ranks."""
        named = {name: probability for name, probability in results if name is not None}
        others = [probability for name, probability in results if name is None]
        return dict(mean=true_log_loss(np.array([*named.values(), *others])))
