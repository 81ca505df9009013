"""Stages run once, in processes of their own; what changed runs again; what fails stops only what needs it."""
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from mmcomp.errors import ConfigError, LaunchError
from mmcomp.recipes.environment import find_gpus
from mmcomp.recipes.ledger import Ledger
from mmcomp.recipes.recipe import load_recipe
from mmcomp.recipes.runner import RecipeRunner
from mmcomp.recipes.status import read_status, status_lines
from mmcomp.recipes.views import PlainView

WRITE = ['{python}', '-S', '-c', 'import sys; open(sys.argv[1] + "/out.txt", "w").write(" ".join(sys.argv[2:]))',
         '{out}']
LEAVES = dict(out=('file', 'out.txt'))


@dataclass
class Lines:
    """Collects what a view prints."""

    def __post_init__(self):
        self.lines = []

    def write(self, text):
        self.lines.append(text)

    def flush(self):
        pass


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Here:
        path = tmp_path / 'recipe.py'
        work = tmp_path / 'work'
        out = Lines()

        def runner(self, stages, jobs=1, gpus=(), **choice):
            self.path.write_text(f'title = "toy"\nstages = {stages!r}\n')
            runner = RecipeRunner(load_recipe(self.path, work_dir=self.work), jobs, gpus, PlainView('RUN', self.out))
            runner.choose(**choice)
            return runner

        def run(self, stages, *args, **choice):
            """The runner after it ran, and the names of the stages it ran."""
            runner = self.runner(stages, *args, **choice)
            todo = [name for name, task in runner.tasks.items() if task.state == 'waiting']
            runner.well = runner.run('the command')
            return runner, todo

        def text(self, runner, name):
            return (runner.tasks[name].folder.path / 'out.txt').read_text()

        @property
        def said(self):
            return ''.join(self.out.lines)

    return Here()


def say(*words, **more):
    return dict(type='Command', command=[*WRITE, *words], leaves=LEAVES, **more)


def chain(a='1', b='2'):
    return dict(
        a=say(a), b=say(b, '{a}', inputs=dict(a='@a')),
        c=say('{b}', inputs=dict(b='@b')), aside=say('aside'))


def test_stages_run_once(site):
    runner, todo = site.run(chain())
    assert runner.well and todo == ['a', 'b', 'c', 'aside']
    assert site.text(runner, 'b') == f'2 {runner.tasks["a"].folder.path.resolve()}/out.txt'
    again, todo = site.run(chain())
    assert again.well and todo == []
    assert [t.folder.path for t in again.tasks.values()] == [t.folder.path for t in runner.tasks.values()]


def test_a_change_runs_exactly_what_depends_on_it(site):
    site.run(chain())
    changed = site.runner(chain(b='3'))
    assert {n: t.reason for n, t in changed.tasks.items() if t.state == 'waiting'} == {
        'b': 'changed: command', 'c': 'changed: inputs'}
    assert changed.run()
    back, todo = site.run(chain())
    assert todo == [], 'the results of the first settings are still there'
    assert site.text(back, 'b').startswith('2 ')


@pytest.mark.parametrize('harm', [
    lambda p: (p / 'out.txt').unlink(), lambda p: (p / 'out.txt').write_text('more'),
    lambda p: (p / 'stage.json').unlink(), lambda p: (p / 'stage.json').write_text('{"key": "')])
def test_a_result_that_is_not_whole_is_made_again(site, harm):
    runner, _ = site.run(chain())
    whole = site.text(runner, 'b')
    harm(runner.tasks['b'].folder.path)
    again, todo = site.run(chain())
    assert todo == ['b', 'c'] and site.text(again, 'b') == whole


def test_a_copied_work_folder_is_whole(site, tmp_path):
    site.run(chain())
    site.work.rename(tmp_path / 'old')
    subprocess.run(['cp', '-r', str(tmp_path / 'old'), str(site.work)], check=True)
    assert site.run(chain())[1] == []


def failing():
    words = ['{python}', '-c', 'print("working"); raise SystemExit("no luck")']
    return dict(chain(), b=dict(type='Command', command=words, inputs=dict(a='@a'), leaves=LEAVES))


def test_a_failure_stops_only_what_needs_it(site):
    runner, _ = site.run(failing())
    assert not runner.well
    assert {n: t.state for n, t in runner.tasks.items()} == dict(a='done', b='failed', c='blocked', aside='done')
    assert 'working\n    no luck' in site.said and 'again, alone: RUN --only b' in site.said
    assert str(runner.tasks['b'].folder.path / 'log.txt') in site.said
    assert 'b did not end well; 1 stage needs what they would leave' in site.said
    title, standings = read_status(site.work)
    assert [s.state for s in standings] == ['done', 'failed', 'waiting', 'done']
    assert any('no luck' in line for line in status_lines(title, standings))
    mended, todo = site.run(chain())
    assert mended.well and todo == ['b', 'c']


def test_a_stage_that_leaves_nothing_has_failed(site):
    runner, _ = site.run(dict(a=dict(type='Command', command=['true'], leaves=LEAVES)))
    assert runner.tasks['a'].state == 'failed' and 'ended without leaving out.txt' in runner.tasks['a'].reason


def test_a_killed_stage_has_failed(site):
    kill = ['{python}', '-c', 'import os; os.kill(os.getppid(), 9)']
    runner, _ = site.run(dict(a=dict(type='Command', command=kill), b=say('b')))
    assert runner.tasks['a'].state == 'failed' and runner.tasks['b'].state == 'done'


def test_a_folder_is_whole_or_made_again(site):
    make = 'import os, sys; os.mkdir(sys.argv[1] + "/d/"); [open(f"{sys.argv[1]}/d/{i}", "w").write("x") for i in "ab"]'
    stages = dict(a=dict(type='Command', command=['{python}', '-S', '-c', make, '{out}'],
                         leaves=dict(d=('folder', 'd'))))
    runner, _ = site.run(stages)
    assert site.run(stages)[1] == []
    (runner.tasks['a'].folder.path / 'd/b').unlink()
    assert site.runner(stages).tasks['a'].reason == 'd is missing or was changed'


def test_from_a_stage_on_keeps_what_was(site):
    first, _ = site.run(chain())
    (first.tasks['b'].folder.path / 'left.txt').write_text('of the first run')
    again, todo = site.run(chain(), start='b')
    assert todo == ['b', 'c']
    assert not (again.tasks['b'].folder.path / 'left.txt').exists(), 'anew, not on top of the old one'
    aside = again.tasks['b'].folder.path.with_name(f'{again.tasks["b"].folder.path.name}-before1')
    assert (aside / 'left.txt').exists()


def test_only_some_stages(site):
    _, todo = site.run(chain(), only='a*')
    assert todo == ['a', 'aside']
    with pytest.raises(ConfigError, match='needs results that are not there: b'):
        site.runner(chain(), only='c')
    with pytest.raises(ConfigError, match='no stage matches `asid`. Did you mean `aside`'):
        site.runner(chain(), only='asid')
    assert site.run(chain(), only='b')[1] == ['b']


def test_stages_run_side_by_side_and_share_no_gpu(site):
    body = 'import os, sys, time; t = time.time(); time.sleep(1); open(sys.argv[1] + "/out.txt", "w").write(' \
           'f"{t} {time.time()} {os.environ[\'CUDA_VISIBLE_DEVICES\']}")'
    one = dict(type='Command', command=['{python}', '-S', '-c', body, '{out}'], leaves=LEAVES, gpus=1)
    runner, _ = site.run(dict(a=one, b=one, c=dict(one, gpus=2), d=dict(one, gpus=0)), 3, [4, 7])
    rows = {name: site.text(runner, name).split() for name in runner.tasks}
    assert {rows['a'][2], rows['b'][2]} == {'4', '7'} and rows['c'][2] == '4,7' and rows['d'][2] == '-1'
    assert max(rows['a'][0], rows['b'][0]) < min(rows['a'][1], rows['b'][1]), 'at the same time'
    assert rows['c'][0] > max(rows['a'][1], rows['b'][1]), 'waits for both'


def test_more_gpus_than_there_are(site):
    with pytest.raises(LaunchError, match='stage a: `gpus` must be at most 2'):
        site.run(dict(a=say('a', gpus=3)), 1, [0, 1])
    assert site.run(dict(a=say('a', gpus=3)))[0].well, 'without any GPU stages run on the CPU'


def test_one_runner_a_folder(site):
    runner = site.runner(chain())
    site.work.mkdir(exist_ok=True)
    with runner._alone(), pytest.raises(LaunchError, match='another runner works here .process'):
        site.runner(chain()).run()


def test_the_ledger_knows_it_all(site):
    site.run(chain())
    runner, _ = site.run(chain(b='3'))
    ledger = Ledger(site.work / 'ledger.db')
    assert [(r['command'], r['state']) for r in ledger.rows('select * from runs')] == [('the command', 'done')] * 2
    assert len(ledger.rows('select * from results')) == 6
    digest = json.loads((runner.tasks['c'].folder.path / 'stage.json').read_text())
    found = ledger.result_of(digest['outputs']['out']['files'][0]['sha256'])
    assert found['stage'] == 'c'
    assert [(depth, row['stage']) for depth, row in ledger.trace(found['key'])] == [(0, 'c'), (1, 'b'), (2, 'a')]


def test_nothing_of_a_run_lives_on_in_its_process(site):
    before = set(multiprocessing.active_children())
    children = f'/proc/self/task/{os.getpid()}/children'
    count = len(open(children).read().split())
    site.run({'a': dict(type='Command', command=WRITE, leaves=LEAVES)})
    assert set(multiprocessing.active_children()) == before
    # Python's tracker of shared memory may have come; the server that stages are forked from must have gone.
    assert len(open(children).read().split()) <= count + 1


def test_find_gpus(monkeypatch):
    assert find_gpus({'CUDA_VISIBLE_DEVICES': '2,5'}) == [2, 5]
    assert find_gpus({'CUDA_VISIBLE_DEVICES': '-1'}) == [] == find_gpus({'CUDA_VISIBLE_DEVICES': ''})


SLOW = ['{python}', '-c', 'import sys, time; open(sys.argv[1] + "/began", "w").close(); time.sleep(60)', '{out}']


def started(site, root):
    """A runner in a process of its own, once its stage has begun."""
    site.path.write_text(f'stages = {dict(a=say("a"), b=dict(type="Command", command=SLOW), c=say("c"))!r}\n')
    process = subprocess.Popen([sys.executable, str(root / 'tools/run_recipe.py'), str(site.path), '--work-dir',
                                str(site.work), '--no-report'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, env=dict(os.environ, PYTHONPATH=str(root)))
    until(lambda: list(site.work.glob('stages/b/*/began')))
    return process


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'it did not come'
        time.sleep(.05)


def sleeping(site):
    """Whether the slow command of ``site`` still runs."""
    return str(site.work) in subprocess.run(['ps', '-eo', 'args'], capture_output=True, text=True).stdout


def test_ctrl_c_leaves_a_clean_state(site, root):
    process = started(site, root)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and 'stopping' in said and said.endswith('interrupted\n')
    assert 'b stopped; the same command goes on' in said and 'did not end well' not in said
    assert not sleeping(site)
    states = {s.name: s.state for s in read_status(site.work)[1]}
    assert states['a'] == 'done' and states['b'] in ('cut off', 'stopped') and states['c'] == 'waiting'
    assert Ledger(site.work / 'ledger.db').rows('select state from runs') == [dict(state='stopped')]


def test_stages_end_with_their_runner(site, root):
    process = started(site, root)
    assert {s.name: s.state for s in read_status(site.work)[1]}['b'] == 'running'
    process.kill()
    process.communicate()
    until(lambda: not sleeping(site), 20)
    assert {s.name: s.state for s in read_status(site.work)[1]}['b'] == 'cut off'
