"""Runs the stages of a recipe that are not done, each in a process of its own."""
import contextlib
import graphlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from mmcomp import __version__
from mmcomp.errors import LaunchError, fault, shorten
from mmcomp.files import write_json
from mmcomp.recipes.child_processes import exit_reason, own_fork_server, signal_group, stage_context
from mmcomp.recipes.collecting import publish
from mmcomp.recipes.environment import git_state, versions
from mmcomp.recipes.instance import Bound, Outside, as_written, replaced
from mmcomp.recipes.keys import KeyMaker
from mmcomp.recipes.ledger import Ledger
from mmcomp.recipes.provenance import teachers
from mmcomp.recipes.recipe import Recipe
from mmcomp.recipes.stage_process import run_job
from mmcomp.recipes.state import JOB, LOG, PLAN, read_json, try_lock
from mmcomp.recipes.tasks import UNWELL, Task, choose, look
from mmcomp.signals import STOPPED


class RecipeRunner:
    """Runs a recipe in its work folder.

    Args:
        recipe: What to run.
        jobs: Stages side by side.
        gpus: Numbers of the GPUs to hand out; empty for none.
        view: Shows what happens, see :mod:`mmcomp.recipes.views`.
    """

    def __init__(self, recipe: Recipe, jobs: int = 1, gpus: Sequence[int] = (), view: Any = None):
        self.recipe, self.plan, self.work_dir = recipe, recipe.plan, recipe.work_dir
        self.jobs, self.free, self.view = jobs, list(gpus), view
        self.devices = len(self.free)
        self.stopping = False
        self.processes: dict[int, tuple[Any, Task]] = {}
        self.tasks = look(self.plan, self.work_dir)
        self.digests = KeyMaker(self.work_dir / 'cache')

    def choose(self, start: str | None = None, only: str | None = None) -> None:
        """See :func:`mmcomp.recipes.tasks.choose`."""
        choose(self.tasks, self.plan, start, only)

    # ------------------------------------------------------------ running

    def run(self, command: str = '') -> bool:
        """Run what is to do; returns whether all of it ended well.

        Raises:
            LaunchError: If another runner works in the folder, or a stage asks
                for more GPUs than there are.
            KeyboardInterrupt: After Ctrl-C, once the stages have stopped.
        """
        self._check_gpus()
        self.work_dir.mkdir(parents=True, exist_ok=True)
        with self._alone():
            ledger = Ledger(self.work_dir / 'ledger.db')
            self._write_plan()
            run = ledger.begin(command, str(self.recipe.path), versions(), git_state())
            for task in self.tasks.values():
                if task.state == 'done' and not ledger.knows(task.folder.key):
                    ledger.record(task.folder.state(), run)
            state = 'failed'
            try:
                with own_fork_server(), self._answering_signals(), self.view or contextlib.nullcontext():
                    self._loop(ledger, run)
                state = 'stopped' if self.stopping else 'done' if self._all_well() else 'failed'
            finally:
                for process, _ in self.processes.values():
                    signal_group(process.pid, signal.SIGKILL)
                ledger.end(run, state)
        if self.view:
            self.view.end(self)
        if self.stopping:
            raise KeyboardInterrupt
        publish(self.work_dir)
        return state == 'done'

    def _all_well(self) -> bool:
        return not any(task.state in UNWELL for task in self.tasks.values())

    def _loop(self, ledger: Ledger, run: int) -> None:
        sorter = graphlib.TopologicalSorter({name: self.plan.needs(name) for name in self.tasks})
        sorter.prepare()
        queue: list[Task] = []
        while (sorter.is_active() and not self.stopping) or self.processes:
            for name in sorter.get_ready():
                task = self.tasks[name]
                if task.state == 'waiting':
                    queue.append(task)
                else:
                    sorter.done(name)
            queue = [task for task in queue if not self._start_or_drop(task, sorter)]
            if not self.processes:
                if queue or self.stopping:
                    break
                continue
            for task in self._ended():
                ledger.record(self._told(task), run)
                sorter.done(task.name)
                self._event(task)
            self._refresh()

    def _start_or_drop(self, task: Task, sorter: graphlib.TopologicalSorter) -> bool:
        """Start a task if there is room; whether it has left the queue."""
        bad = [n for n in self.plan.needs(task.name) if self.tasks[n].state in UNWELL]
        if bad:
            task.state, task.reason = 'blocked', f'needs {shorten(bad)}'
            sorter.done(task.name)
            self._event(task)
            return True
        wanted = min(task.instance.gpus, self.devices)
        if self.stopping or len(self.processes) >= self.jobs or wanted > len(self.free):
            return False
        task.gpus, self.free = tuple(self.free[:wanted]), self.free[wanted:]
        self._start(task)
        return True

    def _start(self, task: Task) -> None:
        self._put_aside(task)
        task.folder.path.mkdir(parents=True, exist_ok=True)
        write_json(task.folder.path / JOB, self._job(task))
        heavy = any(t.instance.type.uses_torch for t in self.tasks.values() if t.state in ('waiting', 'running'))
        context = stage_context(task.instance.type.uses_torch, heavy)
        process = context.Process(target=run_job, args=(str(task.folder.path), ), name=task.name)
        process.start()
        task.state, task.started = 'running', time.time()
        self.processes[process.sentinel] = process, task
        self._event(task)

    def _put_aside(self, task: Task) -> None:
        """A whole result that is to be made anew gives way, and is kept."""
        if task.folder.state().get('state') == 'done':
            number = 1
            while (aside := task.folder.path.with_name(f'{task.folder.path.name}-before{number}')).exists():
                number += 1
            task.folder.path.rename(aside)

    def _job(self, task: Task) -> dict[str, Any]:
        """What the stage's process has to know."""
        instance, folder = task.instance, task.folder

        def place(leaf: Any) -> Any:
            if isinstance(leaf, Bound):
                other = self.tasks[leaf.instance]
                return str(other.folder.output(other.instance.outputs[leaf.output]).resolve())
            return str(leaf.path) if isinstance(leaf, Outside) else leaf

        sources = [dict(place=where, key=self.tasks[b.instance].folder.key, output=b.output)
                   for where, b in instance.bound()]
        sources += [dict(place=where, file=str(o.path), sha256=self.digests.file_digest(o.path))
                    for where, o in instance.outside()]
        record = dict(stage=task.name, type=instance.type.__name__, key=folder.key, parts=task.parts, sources=sources,
                      settings=replaced(instance.settings, as_written), versions=versions())
        cores = os.cpu_count() or 1
        threads = int(os.environ.get('OMP_NUM_THREADS') or max(1, cores // self.jobs))
        return dict(stage=task.name, type=instance.type.__name__, key=folder.key, gpus=list(task.gpus), threads=threads,
                    settings=replaced(instance.settings, place), teachers=teachers(self.plan, task.name), record=record,
                    outputs={name: [o.kind, o.name] for name, o in instance.outputs.items()},
                    uses_torch=instance.type.uses_torch, imports=list(self.recipe.imports))

    def _ended(self) -> list[Task]:
        """Tasks whose processes have ended; waits for one a moment."""
        ended = []
        for sentinel in wait(list(self.processes), timeout=.5):
            process, task = self.processes.pop(sentinel)
            process.join()
            signal_group(process.pid, signal.SIGKILL)  # what it may have left behind
            self.free = sorted([*self.free, *task.gpus])
            state, wrong = task.folder.state(), task.folder.fault(task.instance.outputs)
            if process.exitcode == 0 and wrong is None:
                task.finish(state)
            else:
                task.seconds = state.get('seconds') or time.time() - task.started
                task.state = 'stopped' if self.stopping or process.exitcode == STOPPED else 'failed'
                task.reason = state.get('reason') or exit_reason(process.exitcode)
            ended.append(task)
        return ended

    def _told(self, task: Task) -> dict[str, Any]:
        """What a stage wrote of itself, or what there is to say of one that died before it did."""
        state = task.folder.state()
        if state.get('state') not in (None, 'running'):
            return state
        return dict(read_json(task.folder.path / JOB)['record'], state=task.state, reason=task.reason,
                    started=task.started, seconds=task.seconds)

    # ------------------------------------------------------------ around it

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One runner a work folder."""
        with open(self.work_dir / '.runner.lock', 'a+', encoding='utf-8') as file:
            if not try_lock(file):
                file.seek(0)
                raise LaunchError(f'{self.work_dir}: another runner works here ({file.read().strip()}). Wait for it, '
                                  'stop it, or give --work-dir.')
            file.truncate(0)
            file.write(f'process {os.getpid()} on {os.uname().nodename}')
            file.flush()
            yield

    @contextlib.contextmanager
    def _answering_signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM ask the stages to save and stop, a second one ends them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def answer(number: int, frame) -> None:
            for process, _ in list(self.processes.values()):
                signal_group(process.pid, signal.SIGKILL if self.stopping else signal.SIGTERM)
            if not self.stopping and self.view:
                self.view.say('stopping: running stages save what they can; once more ends them at once')
            self.stopping = True

        before = {number: signal.signal(number, answer) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _check_gpus(self) -> None:
        greedy = [t for t in self.tasks.values() if t.state == 'waiting' and 0 < self.devices < t.instance.gpus]
        if greedy:
            raise LaunchError(fault(f'stage {greedy[0].name}', 'gpus', f'at most {self.devices}, those there are',
                                    greedy[0].instance.gpus, 'Ask for fewer with --set, or give --gpus.'))

    def _write_plan(self) -> None:
        """What ``status`` and the report read."""
        instances = [dict(name=t.name, base=t.instance.base, axes=t.instance.axes, type=t.instance.type.__name__,
                          key=t.folder.key, folder=str(t.folder.path.relative_to(self.work_dir)),
                          needs=self.plan.needs(t.name), gpus=t.instance.gpus,
                          outputs={name: [o.kind, o.name] for name, o in t.instance.outputs.items()},
                          settings=replaced(t.instance.settings, as_written)) for t in self.tasks.values()]
        write_json(self.work_dir / PLAN, dict(title=self.recipe.title, recipe=str(self.recipe.path),
                                              retry=self.view.retry if self.view else '',
                                              mmcomp=__version__, instances=instances))

    def _event(self, task: Task) -> None:
        if self.view:
            self.view.event(task, self)

    def _refresh(self) -> None:
        if self.view:
            self.view.refresh(self)

    def log_of(self, task: Task) -> Path:
        """Where the output of a task is."""
        return task.folder.path / LOG
