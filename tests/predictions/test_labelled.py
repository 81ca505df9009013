import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.labelled import labelled_columns
from mmcomp.structures import PredictionTable


def test_columns_follow_the_other_table_and_rows_the_labels(tmp_path):
    scores = np.array([[.7, .2, .1], [.1, .8, .1], [.2, .2, .6]], np.float32)
    table = PredictionTable(['a', 'b', 'c'], scores, classes=('x', 'y', 'z'))
    test = PredictionTable(['t'], scores[:1], classes=('z', 'x', 'y'))
    (tmp_path / 'truth.csv').write_text('id,class\nc,z\na,y\n')
    labelled, truth = labelled_columns(table, tmp_path / 'truth.csv', test)
    assert labelled.ids.tolist() == ['a', 'c'] and truth.tolist() == [2, 0]
    np.testing.assert_array_equal(labelled.scores, scores[[0, 2]][:, [2, 0, 1]])
    with pytest.raises(TableError, match='samples of'):
        labelled_columns(table, tmp_path / 'truth.csv', table)
