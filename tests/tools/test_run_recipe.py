import pytest

STAGES = """
write = ['{python}', '-S', '-c', 'import sys; open(sys.argv[1] + "/out.txt", "w").write(sys.argv[2])', '{out}']
stages = dict(
    a=dict(type='Command', command=[*write, 'one'], leaves=dict(out=('file', 'out.txt'))),
    b=dict(type='Command', command=[*write, '{a}'], inputs=dict(a='@a'), leaves=dict(out=('file', 'out.txt'))))
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'recipe_toy.py').write_text(STAGES)
    return 'recipe_toy.py'


def test_run_look_and_run_again(recipe, tool, capsys):
    run = tool('run_recipe').main
    run([recipe, '--dry-run'])
    said = capsys.readouterr().out
    assert 'run     a  Command       not run yet' in said and '2 of 2 stages would run, in work_dirs/toy' in said
    assert run([recipe, '--no-report']) == 0
    assert '[2/2] ✓ b' in capsys.readouterr().out
    run([recipe, '--set', 'stages.b.command=[true]', '--dry-run'])
    said = capsys.readouterr().out
    assert 'done    a' in said and 'run     b  Command       changed: command' in said
    assert run([recipe, '--no-report', '--from', 'b']) == 0
    assert '▶ b (--from b)' in capsys.readouterr().out


def test_a_failure_is_the_exit_status(recipe, tool, capsys):
    assert tool('run_recipe').main([recipe, '--no-report', '--set', 'stages.b.command=[false]']) == 1
    assert "again, alone: mmcomp run recipe_toy.py --set 'stages.b.command=[false]' --only b" in capsys.readouterr().out


def test_status_tells_the_same_from_outside(recipe, tool, capsys):
    tool('run_recipe').main([recipe, '--no-report', '--set', 'stages.b.command=[false]'])
    capsys.readouterr()
    tool('status').main(['work_dirs/toy'])
    said = capsys.readouterr().out
    assert '✓ a  done' in said and '✗ b  failed' in said and '1 of 2 done' in said
