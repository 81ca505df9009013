import numpy as np
import pytest

from mmcomp.annotations import write_list
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable


def test_votes_become_pseudo_labels(tool, tmp_path, capsys):
    rng, centres = np.random.default_rng(0), 4 * np.eye(3)
    for name, classes in (('labelled', np.repeat([0, 1, 2], 10)), ('unlabelled', np.array([2, 0, 1, 1]))):
        vectors = (centres[classes] + rng.normal(size=(len(classes), 3))).astype(np.float32)
        write_table(PredictionTable([f'{name}{i}.jpg' for i in range(len(classes))], vectors, 'embedding'),
                    tmp_path / f'{name}.table')
    order = rng.permutation(30)
    write_list(tmp_path / 'truth.txt', [f'labelled{i}.jpg' for i in order], np.repeat([0, 1, 2], 10)[order])
    tool('vote_neighbours').main([str(tmp_path / 'unlabelled.table'), str(tmp_path / 'labelled.table'), '--truth',
                                  str(tmp_path / 'truth.txt'), '--k', '5', '--out', str(tmp_path / 'votes.table')])
    assert read_table(tmp_path / 'votes.table').labels().tolist() == [2, 0, 1, 1]
    tool('create_pseudo').main([str(tmp_path / 'votes.table'), '--thr', '.5', '--out', str(tmp_path / 'p.txt')])
    assert (tmp_path / 'p.txt').read_text().splitlines()[0] == 'unlabelled0.jpg 2'
    assert '4 samples, 5 voters each' in capsys.readouterr().out
    with pytest.raises(SystemExit):
        tool('vote_neighbours').parse_args(['a', 'b', '--truth', 'c', '--temperature', '0'])
