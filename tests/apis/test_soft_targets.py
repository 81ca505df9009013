"""A teacher's table becomes the targets of a student."""
import numpy as np
import pytest

from mmcomp.apis.soft_targets import use_prediction_tables
from mmcomp.datasets import TabularTextDataset
from mmcomp.errors import TableError
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable


@pytest.fixture
def student(monkeypatch, tmp_path):
    monkeypatch.setattr(TabularTextDataset, 'read_scores', None)
    use_prediction_tables()
    rows = [dict(id=name, text='a') for name in 'abc']

    def make(table):
        write_table(table, tmp_path / 'teacher.pkl')
        return TabularTextDataset(rows=rows, id_col='id', tokenizer=dict(type='WordPiece', vocab=['[UNK]', 'a']),
                                  data_root=str(tmp_path), soft_targets='teacher.pkl')

    return make


def test_rows_are_joined_by_id(student):
    scores = np.array([[.1, .9], [.2, .8], [.3, .7], [.4, .6]], np.float32)
    dataset = student(PredictionTable(np.array(['c', 'x', 'a', 'b']), scores))
    found = [dataset[i]['data_samples'].gt_score.tolist() for i in range(3)]
    np.testing.assert_allclose(found, scores[[2, 3, 0]])


def test_what_does_not_fit_is_named(student):
    scores = np.full((3, 1), .5, np.float32)
    with pytest.raises(TableError, match='1 of 3 ids'):
        student(PredictionTable(np.array(['a', 'b', 'd']), scores, 'value'))
    with pytest.raises(TableError, match='logit'):
        student(PredictionTable(np.array(['a', 'b', 'c']), scores, 'logit'))
