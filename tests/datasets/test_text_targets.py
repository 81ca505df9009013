"""Labels, shares, weights and teachers' scores out of table cells."""
import numpy as np
import pytest

from mmcomp.datasets.text_targets import class_labels, mixed, shares, soft_targets, weights
from mmcomp.errors import ConfigError, DataError


@pytest.mark.parametrize(('cells', 'classes', 'labels', 'names'), [
    (['b', 'a', 'b'], None, [1, 0, 1], ('a', 'b')),
    (['b', '', 'b'], ['b', 'a'], [0, -1, 0], ('b', 'a')),
    (['2', '0', '1.0'], None, [2, 0, 1], None),
    (['1', '0'], ['b', 'a'], [1, 0], ('b', 'a')),
    (['1', '0'], ['1', '0'], [0, 1], ('1', '0')),
])
def test_class_labels(cells, classes, labels, names):
    found, found_names = class_labels(cells, classes, 'x')
    assert found.tolist() == labels and found_names == names


@pytest.mark.parametrize('cells', [['a', 'dogs'], ['0', '2'], ['-1']])
def test_an_unknown_class(cells):
    with pytest.raises(DataError, match='cats'):
        class_labels(cells, ['cats', 'dog'], 'x')


def test_shares_and_weights_have_bounds():
    columns = np.array([[0, 1], [np.nan, .5]])
    found = shares(columns, ['a', 'b'], 'x')
    assert found.dtype == np.float32 and np.array_equal(found, columns.astype(np.float32), equal_nan=True)
    with pytest.raises(DataError, match='row 1, b: 1.5'):
        shares(np.array([[0, 1], [0, 1.5]]), ['a', 'b'], 'x')
    for bad in (np.nan, -1, np.inf):
        with pytest.raises(DataError, match='row 1'):
            weights(np.array([1, bad]), 'x')


def test_scores_are_put_into_the_order_of_the_classes():
    scores = np.array([[.1, .9], [.2, 1.0004]], np.float16)
    np.testing.assert_allclose(soft_targets(scores, ('b', 'a'), ['a', 'b'], 'x'), [[.9, .1], [1, .2]], atol=1e-3)
    with pytest.raises(DataError, match='those of the data set'):
        soft_targets(scores, ('b', 'c'), ['a', 'b'], 'x')
    with pytest.raises(DataError, match='3 columns'):
        soft_targets(scores, None, ['a', 'b', 'c'], 'x')
    with pytest.raises(DataError, match='not logits'):
        soft_targets(scores * 3, None, None, 'x')


def test_teachers_and_readers_together():
    soft, hard = np.array([[.9, .1], [.2, .4]], np.float32), np.array([[1, 0], [np.nan, .5]], np.float32)
    found = mixed(soft, hard, [.5, 1.], False, 'x')
    np.testing.assert_allclose(found, [[.95, .1], [.2, .4]], rtol=1e-6)  # a missing share is the teachers' alone
    np.testing.assert_array_equal(mixed(soft, hard, 1., True, 'x'), np.concatenate([soft, hard], axis=1))
    assert mixed(soft, None, .5, False, 'x') is soft
    with pytest.raises(ConfigError, match='one number or 2'):
        mixed(soft, hard, [.5, 1., 1.], False, 'x')
    with pytest.raises(ConfigError, match='a table with targets of its own'):
        mixed(soft, None, 1., True, 'x')
