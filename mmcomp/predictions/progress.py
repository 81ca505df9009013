"""Progress of long loops: a bar on a terminal, now and then a line elsewhere."""
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar('T')
SECONDS_BETWEEN_LINES = 10.


def track(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield ``items``; show on stderr how far the loop is.

    Args:
        items: What the loop is over.
        what: The words before the numbers, such as ``'adding members'``.
    """
    if sys.stderr.isatty():
        try:
            from rich.console import Console
            from rich.progress import track as bar
            yield from bar(items, description=what, console=Console(stderr=True), transient=True)
            return
        except ImportError:
            pass
    yield from _lines(items, what)


def _lines(items: Sequence[T], what: str) -> Iterator[T]:
    start = last = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            left = (now - start) / done * (len(items) - done)
            print(f'{what}: {done}/{len(items)}, about {left:.0f} s left', file=sys.stderr, flush=True)
            last = now
        yield item


def silent(items: Sequence[T], what: str) -> Iterator[T]:
    """``track`` without a word, for calls from code."""
    return iter(items)
