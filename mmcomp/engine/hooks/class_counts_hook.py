"""Hands the class frequencies of the training data to the modules that need them."""
from collections.abc import Iterator

import numpy as np
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import nn

from mmcomp.errors import DataError, fault
from mmcomp.registry import HOOKS
from mmcomp.wrapped_datasets import values_of_rows


def training_labels(dataset) -> np.ndarray:
    """Class index of each row of a data set, through any wrappers around it.

    Raises:
        DataError: If the data set does not tell its labels.
    """
    return values_of_rows(dataset, _own_labels)


def _own_labels(dataset) -> np.ndarray:
    if hasattr(dataset, 'get_gt_labels'):
        return dataset.get_gt_labels()
    if hasattr(dataset, 'get_cat_ids'):
        return np.concatenate([np.ravel(dataset.get_cat_ids(i)) for i in range(len(dataset))])
    raise DataError(fault(type(dataset).__name__, 'train_dataloader.dataset', 'a data set with get_gt_labels()',
                          type(dataset).__name__, 'Add the method, or remove ClassCountsHook.'))


def count_classes(labels: np.ndarray, num_classes: int, where: str = 'training data') -> np.ndarray:
    """Rows of each class, ``(num_classes,)``; :class:`DataError` on labels outside."""
    outside = np.unique(labels[(labels < 0) | (labels >= num_classes)])
    if len(outside):
        raise DataError(fault(where, 'gt_label', f'in 0 … {num_classes - 1}', outside[:5].tolist(),
                              'Correct the annotation file, or num_classes of the head.'))
    return np.bincount(labels, minlength=num_classes)


@HOOKS.register_module()
class ClassCountsHook(Hook):
    """Counts the training rows of each class before training starts.

    Every module of the model with a ``set_class_counts`` method (heads,
    losses) gets them, and so does the averaged copy that ``EMAHook`` keeps.
    Each rank counts the whole data set, so all ranks have the same counts.
    After a resume the counts are those of the data set trained on now.
    """

    def before_train(self, runner) -> None:
        takers = [module for model in _models(runner) for module in model.modules()
                  if hasattr(module, 'set_class_counts')]
        if not takers:
            runner.logger.warning('ClassCountsHook: no module of the model needs class counts; the hook can go.')
            return
        dataset = runner.train_dataloader.dataset
        labels = training_labels(dataset)
        for module in takers:
            where = getattr(dataset, 'ann_file', '') or type(dataset).__name__
            module.set_class_counts(count_classes(labels, len(module.class_counts), where).tolist())


def _models(runner) -> Iterator[nn.Module]:
    """The model without its wrapper, then the copies that hooks keep of it."""
    yield runner.model.module if is_model_wrapper(runner.model) else runner.model
    for hook in runner.hooks:
        if isinstance(getattr(hook, 'ema_model', None), nn.Module):
            yield hook.ema_model
