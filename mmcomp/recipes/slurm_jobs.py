"""The jobs that Slurm holds for a work folder."""
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from mmcomp.errors import LaunchError
from mmcomp.recipes.state import read_json

JOBS = 'slurm.json'


def job_states(numbers: Iterable[str]) -> dict[str, tuple[str, str]] | None:
    """State and reason of the jobs that Slurm still holds; None if it can't be asked now."""
    wanted = set(numbers)
    bare = ','.join(sorted({number.partition('_')[0] for number in wanted}))
    done = subprocess.run(['squeue', '--noheader', '--array', '--format=%i|%T|%r', f'--jobs={bare}'],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        # Once all of them are forgotten, that is an error of its own.
        return {} if 'Invalid job id' in done.stderr else None
    rows = (line.split('|') for line in done.stdout.splitlines() if line.count('|') == 2)
    return {number: (state, reason) for number, state, reason in rows if number in wanted}


def queued(work_dir: Path) -> dict[str, tuple[str, str]]:
    """State and reason by stage, of the jobs of a work folder that Slurm still holds."""
    told = read_json(work_dir / JOBS)
    if not told or shutil.which('squeue') is None:
        return {}
    states = job_states([*told['jobs'].values(), told['end']]) or {}
    names = {**told['jobs'], 'report': told['end']}
    return {name: states[number] for name, number in names.items() if number in states}


def cancel(numbers: Iterable[str]) -> None:
    """End jobs.

    Raises:
        LaunchError: If Slurm refuses.
    """
    words = ['scancel', *dict.fromkeys(numbers)]
    if len(words) > 1:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LaunchError(f'scancel ended with status {done.returncode}: {done.stderr.strip()}. '
                              'Look at `squeue --me`.')
