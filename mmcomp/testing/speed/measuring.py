"""What benchmarks share: ways that take turns, ratios round by round, tables in Markdown."""
from collections.abc import Callable, Sequence

import numpy as np


def alternated(ways: Sequence[Callable[[int], float]], rounds: int) -> np.ndarray:
    """Seconds ``(rounds, ways)``; each round takes the ways in turn and begins with another one."""
    seconds = np.zeros((rounds, len(ways)))
    for turn in range(rounds):
        for place in range(len(ways)):
            at = (place + turn) % len(ways)
            seconds[turn, at] = ways[at](turn)
    return seconds


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table of rows whose first one is the head."""
    lines = [f'| {" | ".join(row)} |' for row in rows]
    return '\n'.join([lines[0], '|---' * len(rows[0]) + '|', *lines[1:]])


def ratio(ratios: np.ndarray) -> str:
    """Median (least…most)."""
    return f'{np.median(ratios):.2f} ({ratios.min():.2f}…{ratios.max():.2f})' if len(ratios) > 1 else f'{ratios[0]:.2f}'
