import numpy as np
import pytest

from mmcomp.annotations import read_list, write_list
from mmcomp.errors import TableError
from mmcomp.predictions.ensembling import write_score_list
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
