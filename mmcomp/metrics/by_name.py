"""Metrics by the names that users write: ``accuracy``, ``macro_f1``, ``log_loss``, …

A metric is told with what it looks at in a row of class scores, so that a
search over many scores need not keep the rest:

- ``label``: the class that scores highest,
- ``rank``: whether the true class is among the k highest,
- ``true``: the probability of the true class,
- ``positive``: the score of the second of two classes.
"""
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmcomp.errors import ConfigError, did_you_mean, fault
from mmcomp.metrics.accuracy import accuracy, mean_class_accuracy
from mmcomp.metrics.agreement import kappa, matthews
from mmcomp.metrics.average_precision import average_precision
from mmcomp.metrics.bias_auc import coded_bias_auc
from mmcomp.metrics.f1 import macro_f1, micro_f1, weighted_f1
from mmcomp.metrics.log_loss import FLOOR, true_log_loss
from mmcomp.metrics.roc_auc import roc_auc, roc_auc_error


@dataclass(frozen=True)
class Metric:
    """A metric of rows of class scores.

    Args:
        name: What users write.
        looks_at: ``label``, ``rank``, ``true`` or ``positive``.
        value: Of what it looks at ``(N,)`` and the true classes ``(N,)``.
        per_sample: Numbers ``(N,)`` whose mean is the value, where there are such.
        error: Standard error of the difference of two ``(N,)`` on the same samples, where there is a formula.
        higher_is_better: False for losses.
        hits_only: A wrong label is as bad as any other wrong one.
        k: For ``rank``.
        coded: The truth carries groups of samples beside the class, see
            :func:`mmcomp.metrics.bias_auc.coded_groups`.
    """
    name: str
    looks_at: str
    value: Callable[[np.ndarray, np.ndarray], float]
    per_sample: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    error: Callable[[np.ndarray, np.ndarray, np.ndarray], float] | None = None
    higher_is_better: bool = True
    hits_only: bool = False
    k: int = 1
    coded: bool = False

    @property
    def sign(self) -> int:
        """1, or -1 for losses."""
        return 1 if self.higher_is_better else -1

    @property
    def scale(self) -> tuple[int, str]:
        """Factor and unit in which differences are told: hundredths are points, losses are as they are."""
        return (100, ' points') if self.higher_is_better else (1, '')


def _hit(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return predicted == truth


def _in_top(inside: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return inside


def _share(inside: np.ndarray, truth: np.ndarray) -> float:
    return float(inside.mean())


def _loss(probability: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return -np.log(np.maximum(probability, FLOOR))


def _auc_error(first: np.ndarray, second: np.ndarray, truth: np.ndarray) -> float:
    alone = min((truth > 0).sum(), (truth <= 0).sum()) < 2  # of one sample there is no variance
    return float('inf') if alone else roc_auc_error(truth > 0, first, second)


METRICS = {metric.name: metric for metric in (
    Metric('accuracy', 'label', accuracy, _hit, hits_only=True),
    Metric('balanced_accuracy', 'label', mean_class_accuracy, hits_only=True),
    Metric('macro_f1', 'label', macro_f1),
    Metric('micro_f1', 'label', micro_f1, _hit, hits_only=True),
    Metric('weighted_f1', 'label', weighted_f1),
    Metric('matthews', 'label', matthews),
    Metric('kappa', 'label', kappa),
    Metric('log_loss', 'true', lambda probability, truth: true_log_loss(probability), _loss, higher_is_better=False),
    Metric('roc_auc', 'positive', lambda scores, truth: roc_auc(truth > 0, scores),
           error=_auc_error),
    Metric('average_precision', 'positive', lambda scores, truth: average_precision(truth > 0, scores)),
    Metric('bias_auc', 'positive', coded_bias_auc, coded=True),
)}
SHORT = {'acc': 'accuracy', 'mean_class_accuracy': 'balanced_accuracy', 'f1_macro': 'macro_f1', 'f1_micro': 'micro_f1',
         'f1_weighted': 'weighted_f1', 'mcc': 'matthews', 'matthews_corrcoef': 'matthews', 'logloss': 'log_loss',
         'cross_entropy': 'log_loss', 'auc': 'roc_auc', 'ap': 'average_precision'}
NAMES = (*METRICS, 'top_5_accuracy')  # any k
TOP = re.compile(r'top_?([1-9]\d*)(_?acc(uracy)?)?$')


def _elsewhere(name: str) -> Metric:
    """A :class:`Metric` that a module holds, such as a competition's own."""
    module, _, attribute = name.partition(':')
    try:
        metric = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(fault('metrics', 'metric', 'a module and a name in it', name, f'{error}.')) from error
    if not isinstance(metric, Metric):
        raise ConfigError(fault('metrics', 'metric', 'a `Metric`', metric, 'Name another one.'))
    return metric


def find_metric(name: str) -> Metric:
    """The metric of a name; ``top_3_accuracy`` and the like have any k, and ``package.module:NAME`` is one elsewhere.

    Raises:
        ConfigError: If there is none, with the closest names.
    """
    if ':' in name:
        return _elsewhere(name)
    plain = name.lower().replace('-', '_')
    top = TOP.match(plain)
    if top:
        return Metric(f'top_{int(top[1])}_accuracy', 'rank', _share, _in_top, k=int(top[1]))
    plain = SHORT.get(plain, plain)
    if plain not in METRICS:
        raise ConfigError(fault('metrics', 'metric', f'one of {NAMES}', name,
                                f'Correct it.{did_you_mean(name, [*NAMES, *SHORT])}'))
    return METRICS[plain]
