"""A recipe that is killed ends as one that is not."""
import pytest

from mmcomp.testing import recipe_soak


def test_six_kills(tool, tmp_path, capsys):
    """Of stages that only write a line; the tool's own, with trainings, take minutes."""
    assert tool('benchmarks/recipe_soak').main(['--light', '--kills', '6', '--chain', '3', '--work-dir',
                                                str(tmp_path)]) == 0
    assert '6 kills (' in capsys.readouterr().out
    found = recipe_soak.results(tmp_path / 'calm')
    assert len(found) == 5 and b'first 1first 2bothfirst 3last' in found.values()


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
