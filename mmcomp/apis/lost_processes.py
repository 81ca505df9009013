"""One sentence on a process that a run has lost: a worker of its data loader, or another rank."""
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mmengine.dist import get_world_size
from torch.utils.data import dataloader

from mmcomp.engine.worker_signals import forget_dead_workers
from mmcomp.errors import DataError, LaunchError

_LOST_PEER = ('Connection closed by peer', 'Connection reset by peer', 'Broken pipe', 'NCCL communicator was aborted',
              'Watchdog', 'Read timeout', 'Socket Timeout')


@contextmanager
def explained_losses(loader: str, next_step: Callable[[], str]) -> Iterator[None]:
    """Say in one line that a loader's worker or another rank has ended; other errors pass as they are.

    Args:
        loader: Key of the config whose ``num_workers`` and ``batch_size`` to lower.
        next_step: Called once a worker is lost, for what is kept and how to go on: the end of a sentence.

    Raises:
        DataError: If a worker has ended.
        LaunchError: If another rank has.
    """
    try:
        with _undisturbed_failure():
            yield
    except (ConnectionError, EOFError) as error:
        if not _from_a_worker(error):
            raise
        said = f'A DataLoader worker has ended ({type(error).__name__})'
        raise DataError(f'{said}. {_short_of_memory(loader)}, {next_step()}') from error
    except RuntimeError as error:
        if 'DataLoader worker (pid' in str(error):  # without, it is an error within a worker that lives
            said = str(error).splitlines()[0].rstrip('. ')
            raise DataError(f'{said}. {_short_of_memory(loader)}, {next_step()}') from error
        if get_world_size() > 1 and any(word in str(error) for word in _LOST_PEER):
            raise LaunchError('Another rank has ended, and this one can\'t go on without it. The reason is in the '
                              'output of that rank.') from error
        raise


def _short_of_memory(loader: str) -> str:
    return f'The system ends a worker when memory is short: lower {loader}.num_workers or batch_size'


@contextmanager
def _undisturbed_failure() -> Iterator[None]:
    """The first thing done about a failure, for the end of a worker may be told again at any moment."""
    try:
        yield
    except BaseException:
        forget_dead_workers()
        raise


def _from_a_worker(error: BaseException) -> bool:
    """Whether a data loader met an error as it waited: a worker that dies while it hands over a batch closes a pipe."""
    return any(frame.f_code.co_name == '_try_get_data' and frame.f_code.co_filename == dataloader.__file__
               for frame, _ in traceback.walk_tb(error.__traceback__))
