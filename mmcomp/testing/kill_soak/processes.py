"""Trainings in forked processes, killed at a moment of choice.

Processes are forked from one parent that has imported everything, so that a
start costs a second. A moment is one of three kinds: in a step (gradients are
there, weights not yet changed), in a validation, in the write of a checkpoint
(half of its bytes on the disk).
"""
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from mmcomp.files import write_json

KINDS = ('step', 'validation', 'write')


def warm_up() -> None:
    """Import what trainings import, so that forked processes have it."""
    for name in ('mmcomp.apis.training', 'mmcomp.datasets', 'mmcomp.engine', 'mmcomp.models', 'mmpretrain.engine',
                 'mmpretrain.evaluation', 'matplotlib.pyplot', 'matplotlib.backends.backend_agg'):
        import_module(name)


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Moments:
    """Counts the moments of a process by kind, and does something to it at one of them.

    Args:
        kind: Kind of the moment; ``None`` lets the process live.
        number: Which of them, from 1.
        act: What to do then.
    """
    kind: str | None = None
    number: int = 0
    act: Callable[[], None] = die
    seen: dict = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def __call__(self, kind: str, before: Callable[[], None] | None = None) -> None:
        self.seen[kind] += 1
        if kind == self.kind and self.seen[kind] == self.number:
            if before is not None:
                before()
            self.act()

    def watch(self) -> None:
        """Place the moments in this process's copy of the classes."""
        import tempfile

        from mmengine.optim import OptimWrapper
        from mmpretrain.models import BaseClassifier

        from mmcomp.engine.atomic_backend import AtomicBackend
        put, should_update, val_step = AtomicBackend.put, OptimWrapper.should_update, BaseClassifier.val_step

        def dying_put(backend, obj, filepath):
            def half():
                path = Path(filepath)
                handle, _ = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.', suffix='.tmp.pth')
                os.write(handle, obj[:len(obj) // 2])
            self('write', half)
            put(backend, obj, filepath)
            self('write')

        def dying_step(wrapper):
            self('step')
            return should_update(wrapper)

        def dying_val_step(model, data):
            self('validation')
            return val_step(model, data)

        AtomicBackend.put, OptimWrapper.should_update, BaseClassifier.val_step = dying_put, dying_step, dying_val_step


def output_file(work_dir: Path, rank: int = 0) -> Path:
    """What a forked training printed."""
    return work_dir.with_name(f'{work_dir.name}.rank{rank}.txt')


def fork_training(config: Path, work_dir: Path, rank: int, ranks: int, port: int, moments: Moments,
                  options: dict | None = None) -> int:
    """Fork a process that trains (``resume='auto'``); its number. Its output goes to :func:`output_file`."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        output = os.open(output_file(work_dir, rank), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.update(RANK=str(rank), WORLD_SIZE=str(ranks), LOCAL_RANK=str(rank), MASTER_ADDR='127.0.0.1',
                          MASTER_PORT=str(port))
        moments.watch()
        from mmcomp.apis import load_config, train
        train(load_config(config, options), work_dir=str(work_dir), resume='auto', check=False,
              launcher='pytorch' if ranks > 1 else 'none')
        write_json(work_dir / f'moments{rank}.json', moments.seen)
        status = 0
    except SystemExit as left:
        status = left.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def run_once(config: Path, work_dir: Path, ranks: int, victim: int = 0, moments: Moments | None = None,
             options: dict | None = None, timeout_s: float = 600., launcher: bool = True) -> list[int]:
    """Train once in ``ranks`` processes; exit codes. When one fails the others are ended, as a launcher does."""
    port = free_port()
    children = [fork_training(config, work_dir, rank, ranks, port,
                              (moments or Moments()) if rank == victim else Moments(), options)
                for rank in range(ranks)]
    codes: dict[int, int] = {}
    deadline = time.monotonic() + timeout_s
    while len(codes) < ranks:
        for rank, child in enumerate(children):
            if rank not in codes and (ended := os.waitpid(child, os.WNOHANG))[0]:
                codes[rank] = os.waitstatus_to_exitcode(ended[1])
        if time.monotonic() > deadline or (launcher and any(codes.values())):
            for rank, child in enumerate(children):
                if rank not in codes:
                    os.kill(child, signal.SIGKILL)
                    codes[rank] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        time.sleep(0.02)
    return [codes[rank] for rank in range(ranks)]
