import numpy as np
import pytest

from mmcomp.errors import ConfigError
from mmcomp.predictions.count_chart import classes_by_count
from mmcomp.predictions.ensembling import write_score_dict
from mmcomp.predictions.label_files import read_labels
from mmcomp.predictions.redistribution import greedy_labels
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    scores = rng.dirichlet(np.linspace(.2, 1, 10), 200).astype(np.float32)
    return PredictionTable([f'{i}.jpg' for i in range(200)], scores, classes=tuple(f'{c:04d}' for c in range(10)))


def test_published_command_writes_labels_and_chart(tool, table, tmp_path, capsys):
    write_table(table, tmp_path / 't.pkl')
    tool('redistribute_labels').main([str(tmp_path / 't.pkl'), '--K', '16', '--out', str(tmp_path / 'pred.csv'),
                                      '--plot', str(tmp_path / 'counts.png')])
    ids, names = read_labels(tmp_path / 'pred.csv')
    assert (ids == table.ids).all() and names.astype(int).tolist() == greedy_labels(table.scores, 16).tolist()
    assert (tmp_path / 'counts.png').read_bytes()[:4] == b'\x89PNG'
    assert 'have a new label' in capsys.readouterr().out


@pytest.mark.parametrize('method', ['sinkhorn', 'balanced'])
def test_other_methods_on_the_old_dict(tool, table, tmp_path, method):
    write_score_dict(table, tmp_path / 'd.pkl')
    tool('redistribute_labels').main([str(tmp_path / 'd.pkl'), '--method', method, '--counts', '18:22',
                                      '--out', str(tmp_path / 'pred.csv')])
    counts = np.unique(read_labels(tmp_path / 'pred.csv')[1], return_counts=True)[1]
    assert len(counts) == 10 and (method == 'sinkhorn' or (counts.min() >= 18 and counts.max() <= 22))


def test_faults(tool, table, tmp_path, capsys):
    write_table(table, tmp_path / 't.pkl')
    main = tool('redistribute_labels').main
    with pytest.raises(ConfigError, match='from 1 to 20'):
        main([str(tmp_path / 't.pkl'), '--K', '21', '--out', str(tmp_path / 'x.csv')])
    for wrong in (['--method', 'greedy'], ['--K', '3', '--method', 'balanced'], ['--K', '3', '--counts', '1:2'],
                  ['--method', 'balanced', '--counts', '5']):
        with pytest.raises(SystemExit):
            main([str(tmp_path / 't.pkl'), *wrong])
    main([str(tmp_path / 't.pkl'), '--K', '20', '--out', str(tmp_path / 'x.csv')])
    assert 'a little less' in capsys.readouterr().err


def test_classes_by_count():
    assert classes_by_count(np.array([0, 0, 2, 3, 3, 5]), 7).tolist() == [3, 2, 2]
