"""Loader workers that outlive a signal to the whole job.

Slurm sends its warning to every process of a step. The training answers it by
finishing and saving; a loader worker that dies of it takes the training along.
Ignoring the signal is no way out: at its end the parent asks its workers to
leave by the same signal, and waits for them.

And a parent that no longer listens: torch raises in it at every child that ends
while a killed worker is known.
"""
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable

from torch.utils.data._utils import signal_handling

from mmcomp.registry import FUNCTIONS

OUTLIVED = (signal.SIGTERM, signal.SIGUSR1)


@FUNCTIONS.register_module()
def outlive_signals(worker_id: int, then: str | Callable | None = None, **kwargs) -> None:
    """Initialise a loader worker: SIGTERM and SIGUSR1 end it only when its parent sent them.

    torch has seeded Python, numpy and torch before; mmengine hands its own seed
    arguments to no other function than its default one, so none are needed here.

    Args:
        worker_id: Number of the worker.
        then: A further function of the config, called with the number.
        **kwargs: Its other arguments.
    """
    parent = multiprocessing.parent_process()
    if parent is not None and hasattr(signal, 'sigwaitinfo'):
        signal.pthread_sigmask(signal.SIG_BLOCK, OUTLIVED)
        threading.Thread(target=_leave_when_asked_by, args=(parent.pid, ), daemon=True).start()
    if then is not None:
        (FUNCTIONS.get(then) if isinstance(then, str) else then)(worker_id, **kwargs)


def _leave_when_asked_by(parent: int) -> None:
    while signal.sigwaitinfo(OUTLIVED).si_pid != parent:
        pass
    os._exit(0)


def forget_dead_workers() -> None:
    """Raise no more at the end of loader workers, until the process begins another loader.

    Whatever a process says of a dead worker would else be cut short by its end,
    which is told twice: by a broken pipe and by SIGCHLD.
    """
    if signal_handling._SIGCHLD_handler_set and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal_handling._SIGCHLD_handler_set = False
