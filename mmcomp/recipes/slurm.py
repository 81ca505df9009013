"""Runs the stages of a recipe as jobs of a Slurm cluster.

Every stage is a job, the instances of a matrix are one array. Slurm itself
keeps the order (``--dependency``), so nothing has to stay alive on the login
node, and a job that was preempted keeps its number: what needs it goes on
waiting. ``sbatch`` is called directly. Stages are commands that need files of
others, which is just what it knows; submitit would add pickled functions, and
a process that waits.
"""
import graphlib
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmcomp.cli import tools_folder
from mmcomp.errors import LaunchError, shorten
from mmcomp.files import write_json
from mmcomp.recipes.environment import git_state, versions
from mmcomp.recipes.ledger import Ledger
from mmcomp.recipes.runner import RecipeRunner
from mmcomp.recipes.slurm_jobs import JOBS, cancel, job_states, queued
from mmcomp.recipes.slurm_options import SlurmOptions
from mmcomp.recipes.state import JOB, read_json
from mmcomp.recipes.tasks import Task

NEXT_LOOK_S = 3.


@dataclass
class Job:
    """Instances of one stage that are submitted together; ``tasks`` by their number in the stage's matrix."""
    base: str
    tasks: dict[int, Task]
    number: str = ''
    needs: list['Job'] = field(default_factory=list)

    @property
    def array(self) -> bool:
        """Whether it is an array."""
        return len(self.tasks) > 1


class SlurmRunner(RecipeRunner):
    """Submits what is to do, and, unless ``detach``, shows how it goes until all of it has ended.

    Args:
        recipe: What to run.
        view: Shows what happens.
        detach: Return once all jobs are submitted.
    """

    def __init__(self, recipe, view: Any = None, detach: bool = False):
        super().__init__(recipe, view=view)
        self.detach = detach
        self.options = {name: SlurmOptions.of(f'stage {task.instance.base}', recipe.slurm, task.instance.slurm)
                        for name, task in self.tasks.items()}

    def run(self, command: str = '') -> bool:
        """Submit, and watch; whether all ended well, or was submitted.

        Raises:
            LaunchError: If there is no Slurm here, jobs of an earlier run are
                still about, or a submission is refused; nothing is left queued then.
            KeyboardInterrupt: After Ctrl-C; the jobs go on.
        """
        if shutil.which('sbatch') is None:
            raise LaunchError('--launcher slurm: there is no `sbatch` here. Run on a login node of the cluster, or '
                              'leave --launcher out.')
        self.work_dir.mkdir(parents=True, exist_ok=True)
        with self._alone():
            alive = queued(self.work_dir)
            if alive:
                raise LaunchError(f'{self.work_dir}: jobs of an earlier run are still about: {shorten(alive)}. '
                                  f'Wait, or end them with `mmcomp cancel {self.work_dir}`.')
            self._write_plan()
            run = Ledger(self.work_dir / 'ledger.db').begin(command, str(self.recipe.path), versions(), git_state())
            self._submit(run)
        if self.detach:
            return True
        return self._watch()

    # ------------------------------------------------------------ submitting

    def _submit(self, run: int) -> None:
        self._began, jobs = time.time(), self._jobs()
        for task in (task for job in jobs for task in job.tasks.values()):
            task.gpus = tuple(range(task.instance.gpus))
            self._put_aside(task)
            task.folder.path.mkdir(parents=True, exist_ok=True)
            write_json(task.folder.path / JOB, dict(self._job(task), launcher='slurm',
                                                    threads=self.options[task.name].cpus))
            task.gpus = ()  # which ones they are is Slurm's affair
        (self.work_dir / 'slurm').mkdir(exist_ok=True)
        numbers: dict[str, str] = {}
        try:
            for job in jobs:
                write_json(self._listing(job), {index: str(task.folder.path) for index, task in job.tasks.items()})
                job.number = self._sbatch(self._words(job))
                numbers |= {task.name: f'{job.number}_{index}' if job.array else job.number
                            for index, task in job.tasks.items()}
            end = self._sbatch(self._last_words(jobs, run))
        except LaunchError:
            cancel(job.number for job in jobs if job.number)
            raise
        write_json(self.work_dir / JOBS, dict(run=run, jobs=numbers, end=end))
        if self.view:
            self.view.say(f'{len(numbers)} stages submitted as {len(jobs)} jobs, {jobs[0].number} to {end}')
            self.view.say(f'they go on without this command: mmcomp status {self.work_dir}, '
                          f'mmcomp cancel {self.work_dir}')

    def _jobs(self) -> list[Job]:
        """What is to do as jobs, each after those it needs."""
        try:
            return self._grouped(lambda task: task.instance.base)
        except graphlib.CycleError:
            # One stage's instances need another's and the other way round.
            return self._grouped(lambda task: task.name)

    def _grouped(self, name_of) -> list[Job]:
        places: dict[str, list[str]] = {}
        for name, task in self.tasks.items():
            places.setdefault(task.instance.base, []).append(name)
        jobs: dict[str, Job] = {}
        for name, task in self.tasks.items():
            if task.state == 'waiting':
                job = jobs.setdefault(name_of(task), Job(name_of(task), {}))
                job.tasks[places[task.instance.base].index(name)] = task
        graph = {key: {name_of(self.tasks[need]) for task in job.tasks.values() for need in self.plan.needs(task.name)
                       if self.tasks[need].state == 'waiting'} for key, job in jobs.items()}
        for key, needs in graph.items():
            jobs[key].needs = [jobs[need] for need in needs]
        return [jobs[key] for key in graphlib.TopologicalSorter(graph).static_order()]

    def _words(self, job: Job) -> list[str]:
        task = next(iter(job.tasks.values()))
        options, gpus = self.options[task.name], task.instance.gpus
        number = '%A_%a' if job.array else '%j'
        words = self._common(job.base, self.work_dir / 'slurm' / f'{job.base}-{number}.out')
        words += ['--requeue', '--open-mode=append', *options.words(gpus)]
        words += [f'--array={",".join(map(str, job.tasks))}'] if job.array else []
        after = [word for other in job.needs for word in self._after(job, other)]
        words += [f'--dependency={",".join(after)}', '--kill-on-invalid-dep=yes'] if after else []
        # The tasks of a job on several GPUs are those of the training; a lone process is a task itself, for the
        # signals of Slurm reach tasks only.
        step = [] if gpus > 1 else ['srun', '--ntasks=1', '--kill-on-bad-exit=1']
        return [*words, f'--export=ALL,MAX_REQUEUE={options.max_requeue}', *_body(), *step, sys.executable, '-u', '-m',
                'mmcomp.recipes.slurm_stage', str(self._listing(job))]

    def _after(self, job: Job, other: Job) -> list[str]:
        """Which tasks of another job have to end well before."""
        needed = {index: {at for at, task in other.tasks.items() if task.name in self.plan.needs(own.name)}
                  for index, own in job.tasks.items()}
        if not other.array:
            return [f'afterok:{other.number}']
        if job.array and all(at == {index} for index, at in needed.items()):
            return [f'aftercorr:{other.number}']
        every = set().union(*needed.values())
        if every == set(other.tasks):
            return [f'afterok:{other.number}']
        return [f'afterok:{other.number}_{at}' for at in sorted(every)]

    def _last_words(self, jobs: Sequence[Job], run: int) -> list[str]:
        """The job that writes the ledger, the submission and the report, however the others ended."""
        after = ':'.join(['afterany', *(job.number for job in jobs)])
        words = self._common('report', self.work_dir / 'slurm/report-%j.out')
        options = SlurmOptions.of('recipe', self.recipe.slurm)
        return [*words, *options.words(0), f'--dependency={after}', *_body(),
                sys.executable, '-u', '-m', 'mmcomp.recipes.collecting', str(self.work_dir.resolve()), str(run)]

    def _common(self, name: str, log: Path) -> list[str]:
        return ['--parsable', f'--job-name={self.recipe.title[:20]}: {name}', f'--chdir={Path.cwd()}',
                f'--output={log.resolve()}']

    def _listing(self, job: Job) -> Path:
        return (self.work_dir / 'slurm' / f'{job.base}.json').resolve()

    def _sbatch(self, words: Sequence[str]) -> str:
        done = subprocess.run(['sbatch', *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise LaunchError(f'sbatch refused a job: {done.stderr.strip() or done.stdout.strip()} (it was given '
                              f'{shorten(words, 20)}). Correct `slurm` in the recipe; nothing was left queued.')
        return done.stdout.strip().partition(';')[0]

    # ------------------------------------------------------------ watching

    def _watch(self) -> bool:
        from contextlib import nullcontext
        told = read_json(self.work_dir / JOBS)
        with self.view or nullcontext():
            while True:
                states = job_states([*told['jobs'].values(), told['end']])
                for name, number in told['jobs'].items() if states is not None else ():
                    self._look_at(self.tasks[name], number, states.get(number))
                self._refresh()
                if states is not None and told['end'] not in states:
                    break
                time.sleep(NEXT_LOOK_S)
        if self.view:
            self.view.end(self)
        return self._all_well()

    def _look_at(self, task: Task, number: str, state: tuple[str, str] | None) -> None:
        """How a task stands: by its folder once Slurm no longer holds its job."""
        before = task.state
        if state is not None:
            task.state = 'running' if state[0] in ('RUNNING', 'COMPLETING') else 'waiting'
            task.reason = f'queued: {state[1]}' if task.state == 'waiting' else f'job {number}'
            if task.state == 'running' and before != 'running':
                task.started = time.time()
        elif before in ('waiting', 'running'):
            told, wrong = task.folder.state(), task.folder.fault(task.instance.outputs)
            if wrong is None:
                task.finish(told)
            elif told.get('state') in (None, 'done') or told.get('started', 0) < self._began:
                task.state, task.reason = 'blocked', 'Slurm ended the job before it ran'
            else:
                task.state = 'stopped' if told['state'] == 'stopped' else 'failed'
                task.reason, task.seconds = told.get('reason') or 'was cut off', told.get('seconds')
        if task.state != before:
            self._event(task)


def _body() -> list[str]:
    """The script of a job, before its command; it is no training's own, so there is no folder to resume from."""
    return [str(tools_folder() / '_slurm_job.sh'), '']
