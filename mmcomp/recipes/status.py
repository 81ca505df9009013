"""How the stages of a work folder stand, read from its files."""
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmcomp.errors import DataError
from mmcomp.recipes.slurm_jobs import queued
from mmcomp.recipes.stage import Output
from mmcomp.recipes.state import LOG, PLAN, StageFolder, read_json
from mmcomp.recipes.views import MARKS, duration, last_lines


@dataclass(frozen=True)
class Standing:
    """An instance of the plan: ``state`` is done, running, queued, waiting, failed, stopped or cut off."""
    name: str
    state: str
    folder: Path
    told: dict[str, Any]
    progress: dict[str, Any]


def read_status(work_dir: Path) -> tuple[str, list[Standing]]:
    """The title of the recipe that ran last in a folder, and its instances.

    Raises:
        DataError: If no recipe ran there.
    """
    plan = read_json(work_dir / PLAN)
    if not plan:
        raise DataError(f'{work_dir}: there is no {PLAN}. Give the work folder of a recipe that was run.')
    standings, jobs = [], queued(work_dir)
    for instance in plan['instances']:
        folder = StageFolder(work_dir / instance['folder'], instance['key'])
        told, outputs = folder.state(), {name: Output(*said) for name, said in instance['outputs'].items()}
        if folder.running():
            state = 'running'
        elif folder.fault(outputs) is None:
            state = 'done'
        else:
            state = {None: 'waiting', 'running': 'cut off', 'done': 'changed'}.get(told.get('state'), told.get('state'))
        job = jobs.get(instance['name'])
        if job and state not in ('running', 'done'):
            state = 'running' if job[0] == 'RUNNING' else 'queued'
            told = dict(told, reason=job[1])
        standings.append(Standing(instance['name'], state, folder.path, told, folder.progress()))
    return plan['title'], standings


def status_lines(title: str, standings: list[Standing]) -> list[str]:
    """A line an instance, the last lines of failed ones, and a sum."""
    width = max(len(s.name) for s in standings)
    lines = [title]
    for s in standings:
        lines.append(f'{MARKS.get(s.state, "?")} {s.name:{width}}  {s.state:8}  {_said(s)}'.rstrip())
        if s.state == 'failed':
            lines += [f'    {line}' for line in last_lines(s.folder / LOG, 4)]
            lines.append(f'    log: {s.folder / LOG}')
    done = sum(s.state == 'done' for s in standings)
    spent = sum(s.told.get('seconds') or 0 for s in standings if s.state == 'done')
    return [*lines, f'{done} of {len(standings)} done, {duration(spent) or "0 s"} of work']


def _said(s: Standing) -> str:
    if s.state == 'done':
        return ', '.join(filter(None, (s.told.get('note'), duration(s.told.get('seconds')))))
    if s.state == 'running':
        gone = duration(time.time() - s.told.get('started', time.time()))
        return ', '.join(filter(None, (s.progress.get('what'), gone)))
    return s.told.get('reason', '') if s.state in ('failed', 'stopped', 'queued') else ''
