"""torchrun that ends with one line and a status, not a page of its own traceback.

    python -m mmcomp.agent [arguments of torchrun]

A signal gives 128 and its number, as in a shell; a rank that failed its own
status. What the rank had to say stands above.
"""
import signal
import sys
from collections.abc import Sequence

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import main


def run(argv: Sequence[str] | None = None) -> None:
    """Run torchrun's ``main``; :class:`SystemExit` if that fails."""
    try:
        main(argv)
    except SignalException as asked:
        print(f'stopped by {signal.Signals(asked.sigval).name}', file=sys.stderr)
        sys.exit(128 + asked.sigval)
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        print(f'error: rank {rank} ended first, with status {failure.exitcode}. Its reason is above.', file=sys.stderr)
        # A negative one is the signal that ended it.
        sys.exit(failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode)


if __name__ == '__main__':
    run()
