import pytest

from mmcomp.errors import DataError
from mmcomp.testing.speed import table_speed


def test_a_small_run(tool, tmp_path, capsys):
    tool('benchmarks/tables').main(['--rows', '40', '--columns', '30', '--members', '3', '--rounds', '1', '--jobs',
                                    'limit', 'published', 'mapped', 'pickles', '--folder', str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith('| ensemble |')]) == 4 and '3 tables of 40 x 30' in lines[-1]
    assert not list(tmp_path.iterdir())


def test_all_ways_come_to_the_same(tmp_path):
    import pickle

    import numpy as np

    from mmcomp.predictions.tables import read_table
    table_speed.write_members(tmp_path, 3, 50, 20)
    table_speed.write_pickles(tmp_path, published=True)
    for name in table_speed.JOBS:
        if name != 'geometric':
            table_speed.JOBS[name].run(tmp_path)
    ours = read_table(tmp_path / 'result.table')
    np.testing.assert_array_equal(ours.scores, read_table(tmp_path / 'result.pkl').scores)
    published = pickle.loads((tmp_path / 'result.list').read_bytes())
    np.testing.assert_allclose(ours.scores, np.stack([published[i] for i in ours.ids.tolist()]), atol=1e-6)
    np.testing.assert_allclose(ours.scores, np.load(tmp_path / 'result.npy'), atol=1e-6)


def test_faults(tool, tmp_path, monkeypatch):
    with pytest.raises(DataError, match='mapped'):
        tool('benchmarks/tables').main(['--jobs', 'maped'])
    with pytest.raises(DataError, match='free space'):
        tool('benchmarks/tables').main(['--rows', '1000000000', '--folder', str(tmp_path)])
