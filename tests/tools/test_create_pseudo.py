import numpy as np
import pytest

from mmcomp.annotations import read_list, write_list
from mmcomp.errors import TableError
from mmcomp.predictions.ensembles.ensembling import write_score_list
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable


@pytest.fixture
def pickled(tmp_path):
    scores = np.array([[.8, .2], [.5, .5], [.1, .9], [.3, .7]], np.float32)
    write_score_list(PredictionTable(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], scores), tmp_path / 'list.pkl')
    return tmp_path / 'list.pkl'


def test_published_flags_and_merging(tool, pickled, tmp_path, capsys):
    main = tool('create_pseudo').main
    main([str(pickled), '--thr', '0.6', '--testb', '--out', str(tmp_path / 'pseudo.txt')])
    assert (tmp_path / 'pseudo.txt').read_text() == 'testb/a.jpg 0\ntestb/c.jpg 1\ntestb/d.jpg 1\n'
    assert 'kept 3 of 4' in capsys.readouterr().out
    write_list(tmp_path / 'train.txt', ['0/x.jpg'], [0])
    main([str(pickled), '--thr', '0.6', '--prefix', 'new', '--max-per-class', '1', '--num-classes', '2',
          '--merge-with', str(tmp_path / 'train.txt'), '--out', str(tmp_path / 'r1.txt')])
    paths, labels = read_list(tmp_path / 'r1.txt')
    assert paths == ['0/x.jpg', 'new/a.jpg', 'new/c.jpg'] and labels.tolist() == [0, 0, 1]


def test_threshold_of_a_precision(tool, pickled, tmp_path, capsys):
    write_list(tmp_path / 'known.txt', ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], [0, 1, 1, 0])
    tool('create_pseudo').main([str(pickled), '--precision', '1', '--known', str(pickled), str(tmp_path / 'known.txt'),
                                '--out', str(tmp_path / 'p.txt')])
    assert read_list(tmp_path / 'p.txt')[0] == ['a.jpg', 'c.jpg']
    with pytest.raises(SystemExit):
        tool('create_pseudo').main([str(pickled), '--precision', '1'])


def test_faults(tool, pickled, tmp_path):
    for wrong, words in ((['--thr', '.95'], 'Lower it'), (['--num-classes', '3'], 'number of classes')):
        with pytest.raises(TableError, match=words):
            tool('create_pseudo').main([str(pickled), *wrong, '--out', str(tmp_path / 'p.txt')])
    assert not (tmp_path / 'p.txt').exists()


def test_sure_rows_of_members_that_agree_as_soft_targets(tool, pickled, tmp_path):
    other = np.array([[.7, .3], [.5, .5], [.9, .1], [.4, .6]], np.float32)
    write_table(PredictionTable(['d.jpg', 'b.jpg', 'c.jpg', 'a.jpg'], other[::-1]), tmp_path / 'other.npz')
    main, out = tool('create_pseudo').main, str(tmp_path / 'p.txt')
    arguments = [str(pickled), '--members', str(pickled), str(tmp_path / 'other.npz'), '--out', out]
    main([*arguments, '--min-agreement', '1', '--max-entropy', '.65', '--prefix', 'test', '--balanced', '--soft',
          str(tmp_path / 'soft.npz'), '--rows', str(tmp_path / 'rows.csv'), '--report', str(tmp_path / 'kept.csv')])
    agreed = [line.split() for line in (tmp_path / 'p.txt').read_text().splitlines()]
    soft = read_table(tmp_path / 'soft.npz')
    assert [path.removeprefix('test/') for path, _ in agreed] == soft.ids.tolist() == ['a.jpg', 'd.jpg']
    assert soft.scores.dtype == np.float16 and soft.origin['teachers'] == [str(pickled), str(tmp_path / 'other.npz')]
    assert (tmp_path / 'kept.csv').read_text() == 'class,predicted,kept,mean_top\n0,2,1,0.8000\n1,2,1,0.7000\n'
    assert (tmp_path / 'rows.csv').read_text().splitlines()[1].startswith('a.jpg,0,0.8,0.500')
    write_list(tmp_path / 'seen.txt', ['train/a.jpg'], [1])
    with pytest.raises(TableError, match='teachers trained on 1 of its rows'):
        main([*arguments, '--trained-on', str(tmp_path / 'seen.txt')])
    with pytest.raises(TableError, match='with members'):
        main([str(pickled), '--min-agreement', '1', '--out', out])
