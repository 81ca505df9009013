"""What a process does that is told to end: by Slurm, which preempts it or has no more time, or by a user."""
import signal
import sys

STOPPED = 85  # status of what was told to end and can go on from where it was


def leave_when_told() -> None:
    """End with status 85 on SIGTERM and SIGUSR1, from the first line on.

    By themselves they kill a process, and a job that is killed while it still
    loads its libraries is not put back into the queue. A training answers them
    in its own way as soon as it runs.
    """
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, lambda *_: sys.exit(STOPPED))


def keep_status() -> None:
    """From here on a signal to end changes nothing: the work is done, and its status is to be told."""
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
