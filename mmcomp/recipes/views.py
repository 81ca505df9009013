"""What a running recipe shows: a tree that is redrawn on a terminal, plain lines elsewhere."""
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmcomp.errors import shorten

MARKS = {'done': '✓', 'waiting': '·', 'queued': '·', 'running': '▶', 'failed': '✗', 'stopped': '■', 'blocked': '–',
         'left out': ' '}
COLOURS = {'done': 'green', 'running': 'cyan', 'failed': 'red', 'stopped': 'yellow', 'blocked': 'red'}
LAST_LINES = 12


def duration(seconds: float | None) -> str:
    """``48 s``, ``12 min``, ``3 h 05``."""
    if seconds is None:
        return ''
    if seconds < 100:
        return f'{seconds:.0f} s'
    if seconds < 6000:
        return f'{seconds / 60:.0f} min'
    return f'{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d}'


def last_lines(log: Path, count: int = LAST_LINES) -> list[str]:
    """The end of a log."""
    try:
        with open(log, 'rb') as file:
            file.seek(max(0, file.seek(0, 2) - 20_000))
            return file.read().decode('utf-8', 'replace').splitlines()[-count:]
    except OSError:
        return []


def progress_of(task: Any) -> str:
    """``epoch 3 of 20, 12 min left`` of a running task."""
    told = task.folder.progress()
    if not told.get('total'):
        return ''
    share = told['done'] / told['total']
    gone = time.time() - (task.started or time.time())
    left = f', {duration(gone * (1 - share) / share)} left' if .02 < share < 1 and gone > 5 else ''
    return f'{told.get("what") or f"{100 * share:.0f} %"}{left}'


class PlainView:
    """A line for everything that begins or ends.

    Args:
        retry: The command that runs the recipe, for how to retry a stage.
        out: Where to.
    """

    def __init__(self, retry: str = '', out=None):
        self.retry, self.out = retry, out or sys.stdout

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        pass

    def say(self, line: str) -> None:
        """Print a line."""
        print(line, file=self.out, flush=True)

    def event(self, task: Any, runner: Any) -> None:
        """A task began or ended."""
        for line in event_lines(task, runner, self.retry):
            self.say(line)

    def refresh(self, runner: Any) -> None:
        """Called now and then; nothing to redraw."""

    def end(self, runner: Any) -> None:
        """What did not come about."""
        states = [task.state for task in runner.tasks.values()]
        # What Ctrl-C stopped did not fail, and is not to be told as if it had.
        unwell = ('failed', ) if runner.stopping else ('failed', 'stopped')
        failed = [name for name, task in runner.tasks.items() if task.state in unwell]
        if failed:
            count = states.count('blocked')
            words = 'stages need' if count > 1 else 'stage needs'
            waiting = f'; {count} {words} what they would leave' if count else ''
            self.say(f'{shorten(failed)} did not end well{waiting}')
        if stopped := [name for name, task in runner.tasks.items() if runner.stopping and task.state == 'stopped']:
            self.say(f'{shorten(stopped)} stopped; the same command goes on')


def event_lines(task: Any, runner: Any, retry: str) -> Iterable[str]:
    """What to say of a task that began or ended."""
    done = sum(t.state == 'done' for t in runner.tasks.values())
    head = f'[{done}/{len(runner.tasks)}] {MARKS[task.state]} {task.name}'
    if task.state == 'running':
        gpus = f' on GPU {", ".join(map(str, task.gpus))}' if task.gpus else ''
        yield f'{head}{gpus} ({task.reason})'
    elif task.state == 'done':
        yield f'{head}: {", ".join(filter(None, (task.note, duration(task.seconds))))}'
    elif task.state == 'failed':
        yield f'{head}: {task.reason}'
        yield from (f'    {line}' for line in last_lines(runner.log_of(task)))
        yield f'    log: {runner.log_of(task)}'
        yield f'    again, alone: {retry} --only {task.name}'
    elif task.state == 'stopped':
        yield f'{head}: stopped'


class LiveView(PlainView):
    """The stages as a tree that is redrawn; failures are printed above it."""

    def __enter__(self):
        from rich.live import Live
        self._live = Live(console=self._console(), refresh_per_second=4, transient=False)
        self._live.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self._live.__exit__(*error)

    def _console(self):
        from rich.console import Console
        return Console(file=self.out)

    def say(self, line: str) -> None:
        """Print a line above the tree."""
        self._live.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def event(self, task: Any, runner: Any) -> None:
        """Only what went wrong is worth a line of its own."""
        if task.state == 'failed':
            super().event(task, runner)
        self.refresh(runner)

    def refresh(self, runner: Any) -> None:
        """Redraw the tree."""
        self._live.update(tree(runner.recipe.title, runner.tasks.values(), self._live.console.size.height - 4))


def tree(title: str, tasks: Iterable[Any], height: int = 10_000):
    """Stages and their instances as a rich tree; finished ones are folded where there are many."""
    from rich.text import Text
    from rich.tree import Tree
    tasks = list(tasks)
    done = sum(t.state == 'done' for t in tasks)
    scored = [t for t in tasks if t.state == 'done' and t.score]
    newest = f', {scored[-1].score} ({scored[-1].name})' if scored else ''
    root = Tree(Text(f'{title}: {done} of {len(tasks)} done{newest}', style='bold'))
    groups: dict[str, list[Any]] = {}
    for task in tasks:
        groups.setdefault(task.instance.base, []).append(task)
    busy = {'running', 'failed', 'stopped', 'blocked'}
    quiet_left = max(3, height - sum(t.state in busy for t in tasks))
    hidden = 0
    for base, members in groups.items():
        states = {t.state for t in members}
        if not states & busy:
            quiet_left -= 1
            if quiet_left < 0:
                hidden += len(members)
                continue
        if len(members) > 1 and len(states) == 1 and not states & busy:
            state = states.pop()
            root.add(Text(f'{MARKS[state]} {base}  {len(members)} {state}', style=COLOURS.get(state, 'dim')))
            continue
        branch = root.add(Text(base)) if len(members) > 1 else root
        for task in members:
            branch.add(Text(line_of(task), style=COLOURS.get(task.state, 'dim')))
    if hidden:
        root.add(Text(f'… {hidden} more', style='dim'))
    return root


def line_of(task: Any) -> str:
    """One task in a line."""
    said = [task.name]
    if task.state == 'running':
        said += [progress_of(task), duration(time.time() - task.started)]
    elif task.state == 'done':
        said += [task.note, 'done before' if task.earlier else duration(task.seconds)]
    elif task.state != 'waiting':
        said += [task.state, task.reason]
    return f'{MARKS[task.state]} {"  ".join(filter(None, said))}'
