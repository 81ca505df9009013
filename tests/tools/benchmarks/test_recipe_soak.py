"""A recipe that is killed ends as one that is not."""
import pytest

from mmcomp.testing import recipe_soak


def test_two_kills(tool, capsys):
    assert tool('benchmarks/recipe_soak').main(['--kills', '2', '--chain', '2']) == 0
    assert '2 kills (' in capsys.readouterr().out


def test_it_would_see_a_difference(tmp_path, monkeypatch):
    """Results that depend on the run are told."""
    (tmp_path / 'calm').mkdir()
    runs = []
    monkeypatch.setattr(recipe_soak, '_finish', lambda recipe, work, jobs: runs.append(work.name))
    monkeypatch.setattr(recipe_soak, '_kill_one', lambda *args: 'runner')
    monkeypatch.setattr(recipe_soak, 'results', lambda work: {'a/table.pkl': work.name.encode(), 'b': b'same'})
    soak = recipe_soak.soak_recipe(tmp_path, kills=2, chain=1)
    assert soak.differences == ['work0: a/table.pkl', 'work1: a/table.pkl'] and runs == ['calm', 'work0', 'work1']


@pytest.mark.parametrize('missing', ['plan.json', 'work'])
def test_nothing_at_work(tmp_path, missing):
    assert recipe_soak._at_work(tmp_path / missing) == []
