import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.labels.label_files import names_of, read_labels, write_labels
from mmcomp.structures import PredictionTable


@pytest.mark.parametrize('header', [None, ('filename', 'class')])
def test_round_trip(tmp_path, header):
    ids, names = np.array(['a, b.jpg', 'c"d".jpg', 'é.jpg']), np.array(['0042', 'cat, big', '7'])
    write_labels(tmp_path / 'x.csv', ids, names, header)
    read_ids, read_names = read_labels(tmp_path / 'x.csv')
    assert (read_ids == ids).all() and (read_names == names).all()


def test_class_names_or_column_numbers():
    scores, labels = np.zeros((1, 3), np.float32), np.array([2, 0])
    assert names_of(PredictionTable(['a'], scores, classes=('x', 'y', 'z')), labels).tolist() == ['z', 'x']
    assert names_of(PredictionTable(['a'], scores), labels).tolist() == ['2', '0']


@pytest.mark.parametrize('text, words', [
    ('a,1\nb,2\na,3\n', r':3.*line 1'), ('a,1\nb\n', ':2.*two fields'), ('', 'empty'), ('filename,class\n', 'empty')])
def test_faults_name_file_and_line(tmp_path, text, words):
    (tmp_path / 'x.csv').write_text(text)
    with pytest.raises(TableError, match=f'x.csv.*{words}'):
        read_labels(tmp_path / 'x.csv')
