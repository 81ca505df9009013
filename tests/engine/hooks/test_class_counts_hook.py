"""Counts reach every module that asks for them, through every wrapper."""
import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmengine.hooks import EMAHook
from mmengine.model import BaseModel
from mmpretrain.datasets import CustomDataset, KFoldDataset
from torch.utils.data import ConcatDataset as TorchConcat
from torch.utils.data import Subset

from mmcomp.engine.hooks.class_counts_hook import ClassCountsHook, count_classes, training_labels
from mmcomp.errors import DataError
from mmcomp.models.heads import ArcFaceHead
from mmcomp.models.losses import BalancedSoftmaxLoss

LABELS = [0, 0, 0, 0, 1, 1, 2, 0]


class Labelled(CustomDataset):
    METAINFO = dict(classes=list('abc'))

    def load_data_list(self):
        return [dict(img_path=f'{i}.png', gt_label=label) for i, label in enumerate(LABELS)]


class NoLabels:
    def __len__(self):
        return 3


@pytest.fixture
def dataset():
    return Labelled(data_prefix='.')


def test_labels_through_every_wrapper(dataset):
    assert training_labels(dataset).tolist() == LABELS
    assert training_labels(RepeatDataset(dataset, 2)).tolist() == LABELS * 2
    assert training_labels(TorchConcat([dataset, RepeatDataset(dataset, 3)])).tolist() == LABELS * 4
    assert training_labels(ConcatDataset([dataset, dataset])).tolist() == LABELS * 2
    assert training_labels(Subset(dataset, [6, 4, 4])).tolist() == [2, 1, 1]
    assert training_labels(Subset(ConcatDataset([dataset, dataset]), [14, 0])).tolist() == [2, 0]
    balanced = ClassBalancedDataset(dataset, oversample_thr=0.5)
    expected = [balanced.get_cat_ids(i)[0] for i in range(len(balanced))]
    assert training_labels(balanced).tolist() == expected
    folds = KFoldDataset(dataset=dict(type=Labelled, data_prefix='.'), fold=0, num_splits=4)
    assert training_labels(folds).tolist() == LABELS[2:]


def test_a_data_set_without_labels_is_named():
    with pytest.raises(DataError, match='NoLabels'):
        training_labels(NoLabels())


def test_labels_out_of_range_are_an_error():
    assert count_classes(np.array([2, 0, 2]), 4).tolist() == [1, 0, 2, 0]
    for labels in ([0, 3], [-1, 0]):
        with pytest.raises(DataError, match='0 … 2'):
            count_classes(np.array(labels), 3, 'train.txt')


class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.head = ArcFaceHead(3, 4, loss=BalancedSoftmaxLoss(3))

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return inputs


def _runner(dataset, model, hooks=()):
    return SimpleNamespace(model=model, hooks=list(hooks), train_dataloader=SimpleNamespace(dataset=dataset),
                           logger=logging.getLogger('test'), epoch=0, iter=0)


def test_head_loss_and_averaged_copy_get_the_counts(dataset):
    model, ema = Model(), EMAHook()
    runner = _runner(RepeatDataset(dataset, 10), model, [ema])
    ema.before_run(runner)
    ClassCountsHook().before_train(runner)
    for copy in (model, ema.ema_model.module):
        assert copy.head.class_counts.tolist() == [50, 20, 10]
        assert copy.head.loss_module.class_counts.tolist() == [50, 20, 10]
        torch.testing.assert_close(copy.head.margins_rad[2], torch.tensor(0.5))
        copy.head.require_class_counts()


def test_counts_after_a_resume_are_those_of_the_new_data(dataset):
    old, new = Model(), Model()
    old.head.set_class_counts([1, 2, 3])
    new.load_state_dict(old.state_dict())
    ClassCountsHook().before_train(_runner(dataset, new))
    assert new.head.class_counts.tolist() == [5, 2, 1]


def test_more_classes_in_the_data_than_in_the_head(dataset):
    model = torch.nn.ModuleDict({'head': ArcFaceHead(2, 4)})
    with pytest.raises(DataError, match='num_classes'):
        ClassCountsHook().before_train(_runner(dataset, model))


def test_a_model_that_needs_no_counts_is_warned_about(dataset, caplog):
    ClassCountsHook().before_train(_runner(NoLabels(), torch.nn.Linear(2, 2)))
    assert 'ClassCountsHook' in caplog.text
