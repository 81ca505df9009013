import numpy as np
import pytest

from mmcomp.errors import DataError
from mmcomp.recipes.ladder import Rung


def load(root):
    from mmcomp.cli import load_tool
    return load_tool(root / 'tools/benchmarks/accv_ladder.py')


def test_missing_data_is_said(root, tmp_path):
    with pytest.raises(DataError, match='no such archive'):
        load(root).main([str(tmp_path), '--work-dir', str(tmp_path / 'work'), '--out', str(tmp_path / 'out.md')])
    assert not (tmp_path / 'out.md').exists()


def test_seeds_become_one_table(root, tmp_path, monkeypatch):
    tool = load(root)
    monkeypatch.setattr(tool, 'climb', lambda args, seed: ([Rung('base', .5 + .1 * seed, .01)], 60. + seed))
    tool.main([str(tmp_path), '--seeds', '0', '2', '--out', str(tmp_path / 'out.md')])
    text = (tmp_path / 'out.md').read_text()
    assert f'| base | 60.0 ± {100 * np.std([.5, .7], ddof=1):.1f} |' in text
    assert 'Seeds [0, 2]; seconds a seed: 60, 62.' in text
