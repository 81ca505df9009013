"""A submission is made again from stored tables; what was changed since is found."""
import numpy as np
import pytest

from mmcomp.errors import DataError
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable

RECIPE = """
copy = ['cp', '{from}', '{out}/table.pkl']
stages = dict(
    one=dict(type='Command', command=copy, inputs={'from': 'one.pkl'}, leaves=dict(table=('table', 'table.pkl'))),
    both=dict(type='Ensemble', tables=['@one', 'two.pkl'], weights=[3.0, 1.0]),
    even=dict(type='Redistribute', table='@both', method='balanced'),
    submission=dict(type='Submit', predictions='@even'))
"""


@pytest.fixture
def finished(tmp_path, monkeypatch, tool):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ('one', 'two'):
        scores = rng.dirichlet([1, 2, 3], 60).astype(np.float32)
        write_table(PredictionTable([f'{i}.png' for i in range(60)], scores, classes=('a', 'b', 'c')), f'{name}.pkl')
    (tmp_path / 'recipe_toy.py').write_text(RECIPE)
    assert tool('run_recipe').main(['recipe_toy.py', '--no-report']) == 0
    return tmp_path / 'work_dirs/toy'


def test_the_same_byte_for_byte(finished, tool, tmp_path, capsys):
    capsys.readouterr()
    assert tool('replay').main([str(finished), '--out', str(tmp_path / 'again.csv'), '--trace']) == 0
    said = capsys.readouterr().out
    assert 'computed again: both, even, submission' in said and 'as stored: one' in said
    assert 'the same, byte for byte' in said and 'two.pkl (sha256' in said and 'method=balanced' in said
    assert (tmp_path / 'again.csv').read_bytes() == (finished / 'submission.csv').read_bytes()


def test_what_was_handed_in_is_found_by_its_content(finished, tool, tmp_path, capsys):
    (finished / 'submission.csv').rename(tmp_path / 'handed_in.csv')
    tool('run_recipe').main(['recipe_toy.py', '--no-report', '--set', 'stages.both.weights=[1.0,9.0]'])
    assert tool('replay').main([str(finished), '--submission', str(tmp_path / 'handed_in.csv')]) == 0
    (tmp_path / 'handed_in.csv').write_text('edited')
    with pytest.raises(DataError, match='made elsewhere, or changed since'):
        tool('replay').main([str(finished), '--submission', str(tmp_path / 'handed_in.csv')])


def test_a_stored_table_that_was_changed_is_found(finished, tool):
    table = next(finished.glob('stages/one/*/table.pkl'))
    table.write_bytes(table.read_bytes()[:-1] + b' ')
    with pytest.raises(DataError, match='it is not what one wrote'):
        tool('replay').main([str(finished)])


def test_a_file_from_outside_that_was_changed_is_found(finished, tool, tmp_path):
    (tmp_path / 'two.pkl').write_bytes((tmp_path / 'one.pkl').read_bytes())
    with pytest.raises(DataError, match='two.pkl: it was changed since'):
        tool('replay').main([str(finished)])


def test_no_recipe_no_submission(tool, tmp_path):
    with pytest.raises(DataError, match='there is no ledger.db'):
        tool('replay').main([str(tmp_path)])
