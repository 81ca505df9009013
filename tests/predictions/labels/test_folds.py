import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from mmcomp.errors import ConfigError, DataError
from mmcomp.predictions.labels.folds import (
    grouped_folds,
    groups_by_regex,
    rare_classes,
    read_groups,
    stratified_folds,
)


def long_tail(rows=1000, classes=60, seed=0):
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, classes + 1)
    return rng.choice(classes, rows, p=weights / weights.sum())


def class_counts(labels, fold):
    return np.array([np.bincount(labels[fold == i], minlength=labels.max() + 1) for i in range(fold.max() + 1)])


@pytest.mark.parametrize('folds', [2, 5, 7])
def test_counts_of_every_class_and_sizes_differ_by_one_at_most(folds):
    labels = long_tail()
    fold = stratified_folds(labels, folds)
    assert set(fold) == set(range(folds))
    assert np.ptp(class_counts(labels, fold), axis=0).max() <= 1
    assert np.ptp(np.bincount(fold)) <= 1


def test_seeds_repeat_and_differ():
    labels = long_tail()
    assert (stratified_folds(labels, 5, 1) == stratified_folds(labels, 5, 1)).all()
    assert (stratified_folds(labels, 5, 1) != stratified_folds(labels, 5, 2)).mean() > .5
    # Not by position: neighbours of a class are not dealt out in file order.
    assert (stratified_folds(np.zeros(100, int), 5) != np.arange(100) % 5).any()


def spread(labels, fold):
    """How unevenly classes lie over the folds, as a mean over classes."""
    counts = class_counts(labels, fold)
    return (counts.std(axis=0) / np.maximum(counts.mean(axis=0), 1)).mean()


@pytest.mark.filterwarnings('ignore:The least populated class')
@pytest.mark.parametrize('seed', range(3))
def test_groups_stay_whole_and_classes_even(seed):
    labels = long_tail(seed=seed)
    groups = np.random.default_rng(seed).choice(300, len(labels))
    fold = grouped_folds(labels, groups, 5, seed)
    for g in np.unique(groups):
        assert len(set(fold[groups == g])) == 1
    reference = np.empty(len(labels), int)
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    for i, (_, rows) in enumerate(splitter.split(labels, labels, groups)):
        reference[rows] = i
    assert spread(labels, fold) < 1.05 * spread(labels, reference)
    assert np.ptp(np.bincount(fold)) < .1 * len(labels)


def test_groups_of_one_row_are_as_even_as_no_groups():
    labels = long_tail(300, 10)
    fold = grouped_folds(labels, np.arange(300), 4)
    assert np.ptp(class_counts(labels, fold), axis=0).max() <= 1


def test_rare_classes_are_counted():
    labels = np.array([0] * 10 + [1] * 3 + [4])
    fold = stratified_folds(labels, 5)
    assert rare_classes(labels, fold) == (2, 1)


def test_groups_of_paths(tmp_path):
    paths = ['a/v1_frame2.jpg', 'a/v1_frame3.jpg', 'b/v2 x_frame0.jpg']
    assert groups_by_regex(paths, '([^/]+)_frame') == ['v1', 'v1', 'v2 x']
    assert groups_by_regex(paths, r'\w/') == ['a/', 'a/', 'b/']
    with pytest.raises(DataError, match='frame0'):
        groups_by_regex(paths, 'v1')
    with pytest.raises(ConfigError, match='regular expression'):
        groups_by_regex(paths, '(')
    (tmp_path / 'g.txt').write_text('b/v2 x_frame0.jpg B\na/v1_frame2.jpg A\n\na/v1_frame3.jpg A\n')
    assert read_groups(tmp_path / 'g.txt', paths) == ['A', 'A', 'B']
    with pytest.raises(DataError, match='c.jpg'):
        read_groups(tmp_path / 'g.txt', [*paths, 'c.jpg'])


def test_impossible_numbers():
    for folds in (1, 4):
        with pytest.raises(ConfigError, match='from 2 to 3'):
            stratified_folds(np.zeros(3, int), folds)
    with pytest.raises(ConfigError, match='groups'):
        grouped_folds(np.zeros(4, int), ['a', 'a', 'b', 'b'], 3)
