"""How a process of a distributed job leaves Python.

While Python tears itself down it ends every thread that asks for its lock, and
torch's threads of gloo do not survive that: one that just then lets go of the
tensors of the last collective call aborts a process whose work is done
(``terminate called without an active exception``), and the launcher takes the
rank for a failed one. So ranks leave after their last exit handler, without
the teardown.
"""
import atexit
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class _Ending:
    """The last exit handler of a tool."""

    def __init__(self):
        self.status, self.skips_teardown = 1, False

    def __call__(self) -> None:
        if not self.skips_teardown:
            return
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(self.status)


_endings: list[_Ending] = []  # of the tool that runs, if any


@contextmanager
def orderly_ending() -> Iterator[None]:
    """Around all that a process does, before torch is imported: exit handlers registered later run earlier."""
    ending = _Ending()
    atexit.register(ending)
    _endings.append(ending)
    try:
        yield
    except SystemExit as left:
        ending.status = left.code if isinstance(left.code, int) else int(left.code is not None)
        raise
    finally:
        _endings.pop()


def skip_teardown() -> None:
    """Let the tool that runs leave without Python's teardown; does nothing outside one."""
    for ending in _endings:
        ending.skips_teardown = True
