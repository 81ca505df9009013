"""Instances and how they stand: done, to do and why, running, failed."""
import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmcomp.errors import ConfigError, did_you_mean, shorten
from mmcomp.recipes.code_digest import digest_of
from mmcomp.recipes.instance import Instance
from mmcomp.recipes.keys import KeyMaker
from mmcomp.recipes.plan import Plan
from mmcomp.recipes.state import STATE, StageFolder, read_json

UNWELL = ('failed', 'stopped', 'blocked')


@dataclass
class Task:
    """An instance and how it stands.

    ``state`` is ``done``, ``waiting``, ``running``, ``failed``, ``stopped``,
    ``blocked`` (something it needs failed) or ``left out``; ``reason`` says why
    it has to run, or what went wrong.
    """
    instance: Instance
    folder: StageFolder
    parts: dict[str, Any]
    state: str = 'waiting'
    reason: str = ''
    note: str = ''
    seconds: float | None = None
    started: float | None = None
    gpus: tuple[int, ...] = ()
    earlier: bool = False
    score: str = ''

    def finish(self, state: Mapping[str, Any], earlier: bool = False) -> None:
        """Take over what a finished stage wrote of itself."""
        self.state, self.note, self.seconds, self.earlier = 'done', state['note'], state['seconds'], earlier
        if 'score' in state:
            percent = state['metric'] == 'accuracy'
            self.score = f'{100 * state["score"]:.1f} % right' if percent else f'{state["metric"]} {state["score"]:.4f}'

    @property
    def name(self) -> str:
        """The instance's name."""
        return self.instance.name


def look(plan: Plan, work_dir: Path) -> dict[str, Task]:
    """How every instance of a plan stands in a work folder."""
    parts, tasks = KeyMaker(work_dir / 'cache').parts(plan), {}
    for name, instance in plan.instances.items():
        folder = StageFolder.of(work_dir, name, digest_of(parts[name]))
        task = tasks[name] = Task(instance, folder, parts[name])
        wrong = folder.fault(instance.outputs)
        again = [need for need in plan.needs(name) if tasks[need].state != 'done']
        if wrong is None and not again:
            task.finish(folder.state(), earlier=True)
        elif wrong == 'not run yet':
            task.reason = _changes(task, work_dir) or (f'after {shorten(again, 3)}' if again else wrong)
        else:
            task.reason = wrong or f'after {shorten(again, 3)}'
    return tasks


def _changes(task: Task, work_dir: Path) -> str:
    """What differs from the newest earlier result of the instance."""
    states = [read_json(path) for path in (work_dir / 'stages' / task.name).glob(f'*/{STATE}')]
    earlier = max((s for s in states if s.get('state') == 'done'), key=lambda s: s['started'], default=None)
    if earlier is None:
        return ''
    before = earlier['parts']
    changed = [part for part in {**before, **task.parts} if before.get(part) != task.parts.get(part)]
    return f'changed: {shorten([part.removeprefix("setting ") for part in changed], 4)}'


def choose(tasks: Mapping[str, Task], plan: Plan, start: str | None = None, only: str | None = None) -> None:
    """Run anew from a stage on, or nothing but what matches a pattern.

    Raises:
        ConfigError: If no stage has such a name, or one needs results that are not there.
    """
    if start:
        for name in plan.dependants(_named(tasks, start)):
            if tasks[name].state == 'done':
                tasks[name].state, tasks[name].reason, tasks[name].earlier = 'waiting', f'--from {start}', False
    if only:
        chosen = _named(tasks, only)
        for name, task in tasks.items():
            if name not in chosen and task.state == 'waiting':
                task.state = 'left out'
        missing = {need for name in chosen if tasks[name].state == 'waiting'
                   for need in plan.needs(name) if tasks[need].state == 'left out'}
        if missing:
            raise ConfigError(f'--only {only}: needs results that are not there: {shorten(sorted(missing))}. '
                              'Run those first, or leave --only out.')


def _named(tasks: Mapping[str, Task], pattern: str) -> Sequence[str]:
    found = [name for name, task in tasks.items()
             if fnmatch.fnmatch(name, pattern) or task.instance.base == pattern]
    if not found:
        raise ConfigError(f'no stage matches `{pattern}`.{did_you_mean(pattern, tasks)} '
                          f'There are {shorten(tasks, 30)}.')
    return found
