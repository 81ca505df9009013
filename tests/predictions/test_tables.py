import pickle

import numpy as np
import pytest
import torch

from mmcomp.errors import TableError
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable

SCORES = np.float32([[.2, .7, .1], [.6, .3, .1]])


def dump(path, value):
    path.write_bytes(pickle.dumps(value))
    return path


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_a_table_survives_its_file_and_opens_without_mmcomp(tmp_path, dtype):
    table = PredictionTable(['b/1.jpg', 'a/1.jpg'], SCORES.astype(dtype), 'probability', ['x', 'y', 'ä'], {'fold': 3})
    write_table(table, tmp_path / 't.pkl')
    back = read_table(tmp_path / 't.pkl').check()
    assert list(back.ids) == ['b/1.jpg', 'a/1.jpg'] and back.classes == ('x', 'y', 'ä') and back.origin['fold'] == 3
    assert back.scores.dtype == dtype and np.array_equal(back.scores, SCORES.astype(dtype))
    assert b'mmcomp.table' in (content := (tmp_path / 't.pkl').read_bytes()) and content.count(b'mmcomp') == 1
    plain = pickle.loads(content)
    assert type(plain) is dict and plain['ids'][0] == 'b/1.jpg'


OLD_FORMS = {
    'list of dicts': [dict(filename='p.jpg', scores=SCORES[0], pred_score=.7, pred_label=1, pred_class='0001'),
                      dict(filename='q.jpg', scores=SCORES[1], pred_score=.6, pred_label=0, pred_class='0000')],
    'list of tuples': [('p.jpg', '0001', SCORES[0]), ('q.jpg', '0000', SCORES[1])],
    'dict of scores': {'p.jpg': SCORES[0], 'q.jpg': SCORES[1]},
    'mmpretrain': [dict(img_path='p.jpg', pred_score=torch.from_numpy(s), pred_label=torch.tensor([s.argmax()]))
                   for s in SCORES],
}  # yapf: disable
OLD_FORMS['mmpretrain'][1]['img_path'] = 'q.jpg'


@pytest.mark.parametrize('form', OLD_FORMS)
def test_old_forms_load(tmp_path, form):
    table = read_table(dump(tmp_path / 'old.pkl', OLD_FORMS[form]))
    assert list(table.ids) == ['p.jpg', 'q.jpg'] and np.array_equal(table.scores, SCORES)
    assert table.kind == 'probability' and list(table.labels()) == [1, 0]
    assert table.classes == (('0000', '0001', '0002') if form.startswith('list') else None)


def test_scaled_sums_are_no_probabilities_and_foreign_class_names_are_not_invented(tmp_path):
    rows = [('p.jpg', 'cat', SCORES[0] * 3), ('q.jpg', 'dog', SCORES[1] * 3)]
    table = read_table(dump(tmp_path / 'old.pkl', rows))
    assert table.kind == 'value' and table.classes is None


def test_duplicates_of_padded_samplers_are_dropped_only_when_equal(tmp_path):
    row = OLD_FORMS['list of dicts']
    assert len(read_table(dump(tmp_path / 'old.pkl', [*row, row[0]]))) == 2
    with pytest.raises(TableError, match=r"unique; got 'p.jpg'"):
        read_table(dump(tmp_path / 'old.pkl', [*row, dict(row[1], filename='p.jpg')]))


def test_faults_are_named(tmp_path):
    def table(**changes):
        return PredictionTable(**dict(dict(ids=['a', 'b'], scores=SCORES, classes=['x', 'y', 'z']), **changes))

    for changes, said in [(dict(ids=['a', 'a']), 'unique'), (dict(ids=['a']), 'shape'), (dict(kind='odds'), 'one of'),
                          (dict(classes=['x']), '3 names'), (dict(classes=['x', 'x', 'y']), 'unique')]:
        with pytest.raises(TableError, match=said):
            table(**changes)
    with pytest.raises(TableError, match='finite.*1 bad rows: b'):
        table(scores=SCORES + np.float32([[0, 0, 0], [0, np.nan, 0]])).check()
    with pytest.raises(TableError, match='sum one.*1 bad rows: a'):
        table(scores=SCORES * np.float32([[2], [1]])).check()
    with pytest.raises(TableError, match='of one length'):
        read_table(dump(tmp_path / 'x.pkl', {'p': SCORES[0], 'q': SCORES[1, :2]}))
    with pytest.raises(TableError, match='no prediction table'):
        read_table(dump(tmp_path / 'x.pkl', [1, 2]))
    with pytest.raises(TableError, match='suffix'):
        write_table(table(), tmp_path / 'x.txt')
