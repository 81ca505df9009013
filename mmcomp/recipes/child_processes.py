"""Processes that stages run in: how they come to be, and how they end."""
import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing import forkserver
from multiprocessing.context import BaseContext


def stage_context(uses_torch: bool, heavy: bool) -> BaseContext:
    """How a stage's process comes to be.

    Those with torch are forked from one that has loaded it once, which is
    ready some seconds after the start; the others do not wait for it.

    Args:
        uses_torch: Whether the stage does.
        heavy: Whether any stage that runs or waits does.
    """
    if 'forkserver' not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context('spawn')
    forked = multiprocessing.get_context('forkserver')
    forked.set_forkserver_preload(['mmcomp.recipes.stage_process', *(['mmcomp.apis.preload'] if heavy else [])])
    if heavy and not uses_torch:
        forkserver.ensure_running()
        return multiprocessing.get_context('spawn')
    return forked


def signal_group(pid: int, number: int) -> None:
    """A signal to a process and all that it has started, if it is still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


@contextlib.contextmanager
def own_fork_server() -> Iterator[None]:
    """Stops the server that stages are forked from, if none was there before.

    It keeps what it has loaded, and would serve a later run that needs something else.
    """
    server = forkserver._forkserver
    there_before = server._forkserver_pid is not None
    try:
        yield
    finally:
        if not there_before and server._forkserver_pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(server._forkserver_pid, signal.SIGTERM)
            server._stop()


def exit_reason(code: int | None) -> str:
    """Why a process ended, for a reader."""
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f'killed by {signal.Signals(-code).name}'
    return f'ended with status {code}'
