"""What is known of an instance's results: one ``stage.json`` in its folder, written last."""
import contextlib
import hashlib
import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmcomp.files import write_json
from mmcomp.recipes.stage import Output

try:
    import fcntl
except ImportError:  # no such locks on Windows
    fcntl = None

PLAN = 'plan.json'  # of a work folder; the others are of a stage's
JOB, STATE, PROGRESS, LOG, LOCK = 'job.json', 'stage.json', 'progress.json', 'log.txt', '.lock'


@dataclass(frozen=True)
class StageFolder:
    """The folder of an instance's results under one key: ``stages/<name>/<first letters of the key>``."""
    path: Path
    key: str

    @classmethod
    def of(cls, work_dir: Path, name: str, key: str) -> 'StageFolder':
        """Where the results of an instance are."""
        return cls(work_dir / 'stages' / name / key[:8], key)

    def state(self) -> dict[str, Any]:
        """What ``stage.json`` says; empty without one."""
        return read_json(self.path / STATE)

    def progress(self) -> dict[str, Any]:
        """``done``, ``total`` and ``what`` of a running stage."""
        return read_json(self.path / PROGRESS)

    def fault(self, outputs: Mapping[str, Output]) -> str | None:
        """Why the results do not count, or None where they are whole."""
        state = self.state()
        if state.get('key') != self.key or state.get('state') != 'done':
            return {None: 'not run yet', 'running': 'was cut off'}.get(state.get('state'), state.get('state'))
        for name in outputs:
            known = state['outputs'].get(name)
            if known is None:
                return f'{name} is not recorded'
            for file in known['files']:
                if not _as_recorded(self.path / file['name'], file):
                    return f'{file["name"]} is missing or was changed'
        return None

    def output(self, output: Output) -> Path:
        """The path of one output."""
        return self.path if output.name == '.' else self.path / output.name

    @contextlib.contextmanager
    def lock(self, seconds: float = 60.) -> Iterator[None]:
        """Hold the folder alone; what a killed runner left running is given some time to end.

        Raises:
            TimeoutError: If another process keeps it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with open(self.path / LOCK, 'a') as file:
            end = time.monotonic() + seconds
            while not try_lock(file):
                if time.monotonic() > end:
                    raise TimeoutError(f'{self.path}: another process works here. End it, then run again.')
                time.sleep(.2)
            os.set_inheritable(file.fileno(), True)
            yield

    def running(self) -> bool:
        """Whether a process holds the folder."""
        if fcntl is None or not (self.path / LOCK).exists():
            return False
        with open(self.path / LOCK, 'a') as file:
            return not try_lock(file)


def try_lock(file) -> bool:
    """Lock an open file if nobody else has."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is none or it is torn."""
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}


def describe_outputs(folder: Path, outputs: Mapping[str, Output]) -> dict[str, dict]:
    """Size and sha256 of every file of the outputs, which are on the disk after this.

    Of a model that is its folder, config and weights count, not the training's
    logs and older checkpoints. A folder is described as a whole.

    Raises:
        FileNotFoundError: If an output is not there.
    """
    described = {}
    for name, output in outputs.items():
        paths = [folder / output.name] if output.name != '.' else [folder / 'config.py', folder / 'weights.pth']
        described[name] = dict(kind=output.kind, name=output.name, files=[_described(p, folder) for p in paths])
    return described


def _described(path: Path, folder: Path) -> dict[str, Any]:
    name = str(path.relative_to(folder))
    if path.is_dir():
        inside = _inside(path)
        return dict(name=name, size=sum(size for _, size in inside), count=len(inside), sha256=sha256_of(path))
    found = path.stat()
    return dict(name=name, size=found.st_size, mtime_ns=found.st_mtime_ns, sha256=sha256_of(path))


def _inside(folder: Path) -> list[tuple[str, int]]:
    """Name and size of every file below a folder."""
    return sorted((str(p.relative_to(folder)), p.stat().st_size) for p in folder.rglob('*') if p.is_file())


def sha256_of(path: Path) -> str:
    """Of a file its content, which is on the disk after this; of a folder names and contents of all files below."""
    if path.is_dir():
        digest = hashlib.sha256()
        for name, _ in _inside(path):
            digest.update(f'{name} {sha256_of(path / name)}\n'.encode())
        return digest.hexdigest()
    with open(path, 'rb') as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, 'sha256').hexdigest()


def _as_recorded(path: Path, known: Mapping) -> bool:
    if 'count' in known:
        inside = _inside(path) if path.is_dir() else []
        return (len(inside), sum(size for _, size in inside)) == (known['count'], known['size'])
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_size == known['size'] and (
        found.st_mtime_ns == known['mtime_ns'] or sha256_of(path) == known['sha256'])


class ProgressFile:
    """Writes ``progress.json`` at most once a second.

    Args:
        path: The file.
    """

    def __init__(self, path: Path):
        self.path, self._last = path, -math.inf

    def __call__(self, done: float, total: float, what: str = '') -> None:
        now = time.monotonic()
        if now - self._last > 1 or done >= total:
            self._last = now
            write_json(self.path, dict(done=done, total=total, what=what))
