import zipfile

import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable


@pytest.fixture
def table_file(tmp_path):
    scores = np.array([[.1, .9, 0], [.8, .1, .1], [.2, .3, .5]], np.float32)
    write_table(PredictionTable(['b.jpg', 'a.jpg', 'c.jpg'], scores, classes=('7', '12', '9')), tmp_path / 't.pkl')
    return str(tmp_path / 't.pkl')


def test_from_a_table_checked_against_the_sample(tool, table_file, tmp_path, capsys):
    (tmp_path / 'sample.csv').write_text('filename,class\na.jpg,0\nb.jpg,0\nc.jpg,0\n')
    tool('make_submission').main([table_file, '--sample', str(tmp_path / 'sample.csv'),
                                  '--out', str(tmp_path / 's.csv')])
    assert (tmp_path / 's.csv').read_text() == 'filename,class\na.jpg,7\nb.jpg,12\nc.jpg,9\n'
    assert 'checked against' in capsys.readouterr().out


def test_published_form_from_redistributed_labels(tool, table_file, tmp_path):
    (tmp_path / 'labels.csv').write_text('a.jpg,12\nb.jpg,12\nc.jpg,9\n')
    for source in ([table_file, '--labels', str(tmp_path / 'labels.csv')], [str(tmp_path / 'labels.csv')]):
        tool('make_submission').main([*source, '--no-header', '--digits', '4', '--zip',
                                      '--out', str(tmp_path / 'pred_results.csv')])
        with zipfile.ZipFile(tmp_path / 'pred_results.zip') as archive:
            rows = archive.read('pred_results.csv').decode().splitlines()
        assert sorted(rows) == ['a.jpg,0012', 'b.jpg,0012', 'c.jpg,0009']


def test_scores_in_place_of_classes(tool, table_file, tmp_path):
    (tmp_path / 'sample.csv').write_text('id,prediction\na.jpg,0\nb.jpg,0\nc.jpg,0\n')
    tool('make_submission').main([table_file, '--score', '12', '--sample', str(tmp_path / 'sample.csv'),
                                  '--out', str(tmp_path / 's.csv')])
    rows = [line.split(',') for line in (tmp_path / 's.csv').read_text().splitlines()]
    assert rows[0] == ['id', 'prediction'] and [(i, round(float(s), 6)) for i, s in rows[1:]] == [
        ('a.jpg', .1), ('b.jpg', .9), ('c.jpg', .3)]


def test_faults(tool, table_file, tmp_path):
    (tmp_path / 'labels.csv').write_text('a.jpg,12\nb.jpg,13\nc.jpg,9\n')
    with pytest.raises(TableError, match='13 are no classes'):
        tool('make_submission').main([table_file, '--labels', str(tmp_path / 'labels.csv')])
    (tmp_path / 'sample.csv').write_text('filename,class\n' + ''.join(f'{i}.jpg,0\n' for i in range(9)))
    with pytest.raises(TableError, match='0.jpg, 1.jpg.*and 4 more'):
        tool('make_submission').main([table_file, '--sample', str(tmp_path / 'sample.csv')])
