"""Rare classes are raised by a given strength, or by the one that out-of-fold predictions agree on."""
import numpy as np
import pytest

from mmcomp.annotations import write_list
from mmcomp.errors import TableError
from mmcomp.predictions.counts.class_boost import Boost
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable

COUNTS, ROWS = np.array([60, 12, 4]), 600


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], [450, 100, 50])
    for name in ('test', 'oof'):
        logits = rng.normal(size=(ROWS, 3)) + 2 * np.eye(3)[truth] + np.log(COUNTS)
        scores = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
        write_table(PredictionTable([f'{name}{i}.jpg' for i in range(ROWS)], scores, classes=('a', 'b', 'c')),
                    tmp_path / f'{name}.pkl')
    write_list(tmp_path / 'truth.txt', [f'oof{i}.jpg' for i in range(ROWS)], truth)
    (tmp_path / 'counts.csv').write_text('class,count\na,60\nb,12\nc,4\n')
    return tmp_path


def test_a_given_strength(tool, files, capsys):
    tool('boost_classes').main([str(files / 'test.pkl'), '--counts', str(files / 'counts.csv'), '--k', '10', '--out',
                                str(files / 'out.pkl'), '--weights', str(files / 'w.csv'), '--plot',
                                str(files / 'w.png')])
    plain, found = read_table(files / 'test.pkl'), read_table(files / 'out.pkl')
    expected = plain.scores * (10 / COUNTS + 1)
    np.testing.assert_allclose(found.scores, expected / expected.sum(axis=1, keepdims=True), rtol=1e-5)
    assert found.kind == 'probability' and found.origin['boost'] == 'k 10, g 1, b 1'
    assert (files / 'w.png').read_bytes()[:4] == b'\x89PNG'
    tool('ensemble').main(['--pkls', str(files / 'test.pkl'), '--class-weights', str(files / 'w.csv'), '--out',
                           str(files / 'weighed.pkl')])
    assert (read_table(files / 'weighed.pkl').labels() == found.labels()).all()
    assert 'c                               4    3.500' in capsys.readouterr().out


def test_the_strength_that_the_folds_agree_on(tool, files, capsys):
    arguments = [str(files / 'test.pkl'), '--counts', str(files / 'counts.csv'), '--oof', str(files / 'oof.pkl'),
                 '--truth', str(files / 'truth.txt'), '--out', str(files / 'out.pkl')]
    tool('boost_classes').main([*arguments, '--cap', '20'])
    assert read_table(files / 'out.pkl').origin['boost'].endswith('cap 20')
    tool('boost_classes').main([*arguments, '--metric', 'mmcomp.metrics.f1:macro_f1'])
    out = capsys.readouterr().out
    assert out.count('lift of each fold') == 2 and 'new label' in out
    assert Boost().weights(COUNTS)[0] < Boost().weights(COUNTS)[2]


def test_faults(tool, files, capsys):
    for wrong in (['--oof', 'x'], ['--tau', '1', '--k', '2'], ['--oof', 'x', '--truth', 'y', '--k', '3']):
        with pytest.raises(SystemExit):
            tool('boost_classes').parse_args(['t.pkl', '--counts', 'c.csv', *wrong])
    table = read_table(files / 'test.pkl')
    write_table(PredictionTable(table.ids, np.log(table.scores), 'logit', table.classes), files / 'logits.pkl')
    with pytest.raises(TableError, match='must be probability'):
        tool('boost_classes').main([str(files / 'logits.pkl'), '--counts', str(files / 'counts.csv'), '--out',
                                    str(files / 'out.pkl')])
    assert not (files / 'out.pkl').exists()
