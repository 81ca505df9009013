"""A recipe whose runner or stages are killed at random moments, compared with one that nobody disturbed."""
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmcomp.cli import tools_folder
from mmcomp.recipes.status import read_status

RECIPE = """\
custom_imports = dict(imports=['mmcomp.testing.digits_stage'])
defaults = dict(
    Train=dict(config={config!r}, options=dict(
        train_cfg=dict(max_epochs=2), train_dataloader=dict(dataset=dict(data_root='@data.root')))),
    Soup=dict(last=2), Predict=dict(folder='@data.test', tta=True))
stages = dict(
    data=dict(type='Digits', test_per_class=12, val_per_class=140),
    first=dict(type='Train', ann='@data.train', seed='{{seed}}', matrix=dict(seed=[1, 2])),
    soup=dict(type='Soup', model='@first', matrix=dict(seed=[1, 2])),
    look=dict(type='Predict', model='@soup', matrix=dict(seed=[1, 2])),
    both=dict(type='Ensemble', tables='@look'),
    pseudo=dict(type='PseudoLabel', table='@both', ann='@data.train', keep=0.6, even=True),
    again=dict(type='Train', ann='@pseudo'),
    again_look=dict(type='Predict', model='@again'),
    final=dict(type='Ensemble', tables=['@both', '@again_look']),
    even=dict(type='Redistribute', table='@final', method='balanced'),
    submission=dict(type='Submit', predictions='@even', sample='@data.sample'))
"""
LIGHT = """\
CODE = ('import sys, time; time.sleep(.4); '
        'open(sys.argv[1] + "/rows.csv", "w").write("".join(open(f).read() for f in sys.argv[3:]) + sys.argv[2])')
write = dict(type='Command', leaves=dict(rows=('file', 'rows.csv')))
start = ['{python}', '-S', '-c', CODE, '{out}']
stages = dict(
    first=dict(write, command=[*start, 'first {seed}'], matrix=dict(seed=[1, 2, 3])),
    both=dict(write, command=[*start, 'both', '{a}', '{b}'], inputs=dict(a='@first[seed=1]', b='@first[seed=2]')),
    last=dict(write, command=[*start, 'last', '{a}', '{b}'], inputs=dict(a='@both', b='@first[seed=3]')))
"""


@dataclass
class RecipeSoak:
    """What came of it: each kill in words, what differs at the end, seconds of an undisturbed run."""
    kills: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    calm_seconds: float = 0.


def soak_recipe(folder: Path, kills: int = 20, chain: int = 5, seed: int = 0, jobs: int = 2,
                say: Callable[[str], None] = lambda line: None, light: bool = False) -> RecipeSoak:
    """Kill runs of a small recipe ``kills`` times in all, by turns the runner and a stage at work.

    Args:
        folder: Work folders go here.
        kills: How many.
        chain: Kills of one run at most, before it may end.
        seed: Of the moments.
        jobs: Stages side by side.
        say: Called with each kill and each comparison.
        light: Stages that only write a line, half a second each, and load nothing.
    """
    chance, soak, recipe = random.Random(seed), RecipeSoak(), folder / 'recipe_soak.py'
    text = LIGHT if light else RECIPE.format(config=str(tools_folder().parent / 'configs/demo/digits-swin.py'))
    recipe.write_text(text)
    start = time.monotonic()
    _finish(recipe, folder / 'calm', jobs)
    soak.calm_seconds = time.monotonic() - start
    calm = results(folder / 'calm')
    for run in itertools.count():
        if len(soak.kills) == kills:
            break
        work = folder / f'work{run}'
        for _ in range(min(chain, kills - len(soak.kills))):
            victim = ('runner', 'stage')[len(soak.kills) % 2]
            told = _kill_one(recipe, work, jobs, victim, chance.uniform(0, soak.calm_seconds))
            if told is None:
                break
            soak.kills.append(told)
            say(f'{len(soak.kills)}. {told}')
        _finish(recipe, work, jobs)
        found = results(work)
        differ = [f'{work.name}: {name}' for name in sorted({*calm, *found}) if calm.get(name) != found.get(name)]
        say(f'ended, {len(found)} files compared, {len(differ)} differ')
        soak.differences += differ
    return soak


def results(work: Path) -> dict[str, bytes]:
    """The content of every table, list, label file and submission of a finished run, by stage and file."""
    submission = work / 'submission.csv'
    files = {submission.name: submission.read_bytes()} if submission.is_file() else {}
    for standing in read_status(work)[1]:
        for name in ('table.pkl', 'labels.csv', 'train.txt', 'rows.csv', 'submission.csv'):
            path = standing.folder / name
            if path.is_file():
                files[f'{standing.name}/{name}'] = path.read_bytes()
    return files


def _command(recipe: Path, work: Path, jobs: int) -> list[str]:
    return [sys.executable, str(tools_folder() / 'run_recipe.py'), str(recipe), '--work-dir', str(work), '--jobs',
            str(jobs), '--no-report']


def _finish(recipe: Path, work: Path, jobs: int) -> None:
    done = subprocess.run(_command(recipe, work, jobs), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f'{work}: ended with {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-2000:]}')


def _kill_one(recipe: Path, work: Path, jobs: int, victim: str, after: float) -> str | None:
    """Run, kill after so many seconds, and say what was hit; None if all was over before.

    A run whose stage is killed goes on as far as it can and ends by itself.
    """
    runner = subprocess.Popen(_command(recipe, work, jobs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        runner.wait(after)
        return None
    except subprocess.TimeoutExpired:
        pass
    at_work = _at_work(work)
    if victim == 'stage' and at_work:
        name, pid = at_work[0]
        os.kill(pid, signal.SIGKILL)
        runner.wait()
        return f'stage {name}'
    runner.kill()
    runner.wait()
    return f'runner during {", ".join(name for name, _ in at_work) or "its start"}'


def _at_work(work: Path) -> Sequence[tuple[str, int]]:
    """Name and process of the stages that run."""
    if not (work / 'plan.json').is_file():
        return []
    return [(s.name, s.told['pid']) for s in read_status(work)[1] if s.state == 'running' and 'pid' in s.told]
