"""Ids, order and header of the sample; nothing missing, too much or NaN; the order of scores survives."""
import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.submissions.score_submission import fit_scores, score_column, write_scores
from mmcomp.predictions.submissions.submission import read_sample
from mmcomp.structures import PredictionTable


@pytest.fixture
def sample(tmp_path):
    (tmp_path / 'sample.csv').write_text('id,prediction\n3,0\n1,0.0\n2,0\n')
    return read_sample(tmp_path / 'sample.csv')


def made(ids, scores, classes=('target', 'insult', 'threat')):
    scores = np.asarray(scores, np.float32)
    return PredictionTable(list(ids), np.stack([scores, scores / 2, 1 - scores], 1)[:, :len(classes)], 'value',
                           classes)


def test_rows_in_the_order_of_the_sample(sample, tmp_path):
    ids, scores = fit_scores(made('123', [.1, .2, .3]), sample, 'target')
    write_scores(tmp_path / 'submission.csv', ids, scores, sample.header)
    assert (tmp_path / 'submission.csv').read_text() == ('id,prediction\n3,0.300000012\n1,0.100000001\n2,0.200000003\n')


def test_neighbours_in_float32_stay_apart(tmp_path):
    scores = np.array([.5, np.nextafter(np.float32(.5), np.float32(1))], np.float32)
    write_scores(tmp_path / 's.csv', ['a', 'b'], scores)
    low, high = (line.split(',')[1] for line in (tmp_path / 's.csv').read_text().splitlines()[1:])
    assert low != high and np.float32(low) == scores[0] and np.float32(high) == scores[1]


def test_which_column():
    table = made('12', [.1, .2])
    assert score_column(table, 'insult').tolist() == pytest.approx([.05, .1])
    assert score_column(table.select(['target'])).tolist() == pytest.approx([.1, .2])
    with pytest.raises(TableError, match='one or two, where none is named'):
        score_column(table)
    with pytest.raises(TableError, match='Did you mean `insult`'):
        score_column(table, 'insults')


@pytest.mark.parametrize('ids, scores, law', [
    ('12', [.1, .2], 'it lacks 1 ids of .*sample.csv: 3'),
    ('1234', [.1, .2, .3, .4], 'only here, not in the sample: 1 ids.*: 4'),
    ('123', [.1, np.nan, .3], '`scores` must be finite.*: 2'),
])
def test_what_does_not_fit_is_told(sample, ids, scores, law):
    with pytest.raises(TableError, match=law):
        fit_scores(made(ids, scores), sample, 'target')
