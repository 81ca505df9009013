import numpy as np
import pytest

from mmcomp.annotations import write_list
from mmcomp.errors import DataError, TableError
from mmcomp.predictions.labels.pseudo_labels import (
    PseudoLabels,
    merge,
    pseudo_labels,
    scaled_warning,
    threshold_for_precision,
)
from mmcomp.structures import PredictionTable


def test_labels_are_columns_and_not_the_digits_of_names():
    scores = np.array([[.8, .1, .1], [.2, .2, .6], [.45, .3, .25], [.1, .46, .44]], np.float32)
    table = PredictionTable(['a.jpg', 'b c.jpg', 'd.jpg', 'e.jpg'], scores, classes=('0002', '0000', '0001'))
    # .45 itself is not above .45 (in float32 it would be).
    pseudo = pseudo_labels(table, float(np.float32(.45)), 'testb/')
    assert pseudo.paths == ['testb/a.jpg', 'testb/b c.jpg', 'testb/e.jpg']
    assert pseudo.labels.tolist() == [0, 2, 1]
    np.testing.assert_allclose(pseudo.scores, [.8, .6, .46])


def test_cap_keeps_the_best_of_each_class():
    rng = np.random.default_rng(0)
    scores = rng.dirichlet(np.ones(4) / 4, 300).astype(np.float32)
    table = PredictionTable([str(i) for i in range(300)], scores)
    kept, everything = pseudo_labels(table, .5, max_per_class=7), pseudo_labels(table, .5)
    expected = set()
    for c in range(4):
        of_class = [(s, p) for s, p, y in zip(everything.scores, everything.paths, everything.labels, strict=True)
                    if y == c]
        expected |= {p for _, p in sorted(of_class, reverse=True)[:7]}
    assert set(kept.paths) == expected and kept.paths == sorted(kept.paths, key=int)


def test_scaled_sums_are_warned_of():
    scores = np.random.default_rng(0).dirichlet(np.ones(5), 20).astype(np.float32)
    ids = [str(i) for i in range(20)]
    assert scaled_warning(PredictionTable(ids, scores)) is None
    assert scaled_warning(PredictionTable(ids, scores, 'value')) is None
    assert '1.4' in scaled_warning(PredictionTable(ids, scores * 1.4, 'value'))
    with pytest.raises(TableError, match='probability'):
        pseudo_labels(PredictionTable(ids, scores, 'logit'), .4)


@pytest.mark.parametrize('precision', [.5, .8, .95])
def test_threshold_is_the_lowest_that_reaches_the_precision(precision):
    rng = np.random.default_rng(0)
    scores = rng.dirichlet(np.ones(4) / 3, 400).astype(np.float32).round(2)
    scores /= scores.sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(4, p=p / p.sum()) for p in scores.astype(float)])  # calibrated
    ids = [str(i) for i in range(400)]
    threshold, part = threshold_for_precision(PredictionTable(ids, scores), ids, truth, precision)
    top, right = scores.max(axis=1), scores.argmax(axis=1) == truth

    def precision_above(t):
        return right[top > t].mean() if (top > t).any() else 0
    assert precision_above(threshold) >= precision and part == (top > threshold).mean()
    assert all(precision_above(t) < precision for t in np.unique(top) if t < threshold)


def test_precision_out_of_reach():
    table = PredictionTable(['a', 'b'], np.eye(2, dtype=np.float32))
    with pytest.raises(TableError, match='at most 0.5'):
        threshold_for_precision(table, ['a', 'b'], np.array([1, 1]), .9)


def test_nan_is_no_silent_loss():
    scores = np.full((2, 2), .5, np.float32)
    scores[1] = np.nan
    with pytest.raises(TableError, match='b'):
        pseudo_labels(PredictionTable(['a', 'b'], scores), .4)


def test_merge_appends_and_refuses_paths_of_both(tmp_path):
    write_list(tmp_path / 'train.txt', ['x/1.jpg', 'testb/2.jpg'], [0, 2])
    pseudo = PseudoLabels(['testb/1.jpg'], np.array([1]), np.array([.9]))
    paths, labels = merge(pseudo, tmp_path / 'train.txt', 3)
    assert paths == ['x/1.jpg', 'testb/2.jpg', 'testb/1.jpg'] and labels.tolist() == [0, 2, 1]
    with pytest.raises(DataError, match='testb/2.jpg'):
        merge(PseudoLabels(['testb/2.jpg'], np.array([1]), np.array([.9])), tmp_path / 'train.txt', 3)
    with pytest.raises(DataError, match='train.txt:2'):
        merge(pseudo, tmp_path / 'train.txt', 2)
