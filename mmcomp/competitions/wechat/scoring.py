"""The competition's score: F1 of both levels of classes, micro and macro, in equal parts."""
from collections.abc import Sequence

import numpy as np

from mmcomp.competitions.wechat.taxonomy import Taxonomy
from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.metrics.accuracy import top_k_accuracy
from mmcomp.metrics.by_name import Metric
from mmcomp.metrics.f1 import class_f1, micro_f1

LABEL_SETS = ('present', 'all')


def level_f1(predicted: np.ndarray, truth: np.ndarray, classes: int, label_set: str = 'present') -> np.ndarray:
    """F1 of each class of a level, ``(classes,)``; of one that is neither true nor predicted NaN, or with ``all`` 0."""
    if label_set not in LABEL_SETS:
        raise ConfigError(fault('score', 'label_set', f'one of {LABEL_SETS}', label_set, 'Correct it.'))
    found = class_f1(predicted, truth)[0]
    found = np.concatenate([found, np.full(classes - len(found), np.nan)])
    return np.nan_to_num(found) if label_set == 'all' else found


def score_terms(predicted: np.ndarray, truth: np.ndarray, taxonomy: Taxonomy,
                label_set: str = 'present') -> dict[str, float]:
    """The score and the four terms it is the mean of.

    Args:
        predicted: Labels of leaves, ``(N,)``, N > 0.
        truth: Likewise.
        taxonomy: Gives each leaf its parent.
        label_set: The macro F1 is the mean over classes that are true or
            predicted somewhere (``present``, official), or over ``all``.

    Returns:
        ``score``, ``lv1_micro_f1``, ``lv1_macro_f1``, ``lv2_micro_f1`` and
        ``lv2_macro_f1``. With one label a sample micro F1 is the accuracy.

    Raises:
        DataError: If there is no sample, or a label is no leaf's.
    """
    predicted, truth = np.asarray(predicted), np.asarray(truth)
    _check(predicted, truth, len(taxonomy))
    terms = {}
    for level, classes, (mine, true) in (
            ('lv1', len(taxonomy.parents), (taxonomy.parent_of[predicted], taxonomy.parent_of[truth])),
            ('lv2', len(taxonomy), (predicted, truth))):
        terms[f'{level}_micro_f1'] = micro_f1(mine, true)
        terms[f'{level}_macro_f1'] = float(np.nanmean(level_f1(mine, true, classes, label_set)))
    return dict(score=float(np.mean(list(terms.values()))), **terms)


def official_score(predicted: np.ndarray, truth: np.ndarray, taxonomy: Taxonomy | None = None) -> float:
    """The score alone, as the organisers count; the shape that searches ask of a metric of labels."""
    return score_terms(predicted, truth, taxonomy or Taxonomy.from_counts())['score']


# What recipes and tools call ``mmcomp.competitions.wechat.scoring:SCORE``. The classes of a smaller taxonomy whose
# parents have as many leaves as the first ones here have the same labels.
SCORE = Metric('wechat_score', 'label', official_score)


def small_class_recall(predicted: np.ndarray, truth: np.ndarray, counts: Sequence[int], below: int) -> float:
    """Part of the samples predicted right among those of classes with fewer than ``below`` training samples.

    Args:
        predicted: ``(N,)``.
        truth: ``(N,)``.
        counts: Training samples of each class, ``(C,)``.
        below: What is small.

    Returns:
        NaN where no sample is of such a class.
    """
    small = np.asarray(counts)[truth] < below
    return float(np.mean(predicted[small] == truth[small])) if small.any() else float('nan')


def all_scores(scores: np.ndarray, truth: np.ndarray, taxonomy: Taxonomy, label_set: str = 'present',
               counts: Sequence[int] | None = None, small: int = 50) -> dict[str, float]:
    """:func:`score_terms` of the top scores, and beside them accuracies, top 5 and small classes.

    Args:
        scores: ``(N, C)``.
        truth: ``(N,)``.
        taxonomy: Of C leaves.
        label_set: As of :func:`score_terms`.
        counts: Training samples of each class, for ``small_class_recall``.
        small: Classes of fewer are small.
    """
    predicted = scores.argmax(axis=1)
    found = score_terms(predicted, truth, taxonomy, label_set)
    found |= dict(lv1_acc=found['lv1_micro_f1'], lv2_acc=found['lv2_micro_f1'],
                  top5=top_k_accuracy(scores, truth, min(5, scores.shape[1])))
    if counts is not None:
        found['small_class_recall'] = small_class_recall(predicted, truth, counts, small)
    return found


def _check(predicted: np.ndarray, truth: np.ndarray, classes: int) -> None:
    if not len(truth) or predicted.shape != truth.shape:
        raise DataError(fault('score', 'predicted, truth', 'of one length, not 0', (predicted.shape, truth.shape),
                              'Join them by id.'))
    for name, labels in (('predicted', predicted), ('truth', truth)):
        if labels.min() < 0 or labels.max() >= classes:
            raise DataError(fault('score', name, f'labels in 0…{classes - 1}', (int(labels.min()), int(labels.max())),
                                  'Use the taxonomy the labels were made with.'))
