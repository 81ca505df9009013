"""Curves of one or more training runs."""
import os
from collections.abc import Sequence

from mmcomp.files import atomic_path
from mmcomp.visualization.training_log import TrainingLog


def draw_curves(logs: Sequence[TrainingLog], keys: Sequence[str], out: str | os.PathLike) -> None:
    """Write a picture with a panel a key and a line a run, over iterations.

    Args:
        logs: The runs; a run without a key is left out of its panel.
        keys: At least one.
        out: A file name whose suffix matplotlib knows (``.png``, ``.svg``, ``.pdf``).
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    columns = min(2, len(keys))
    rows = -(-len(keys) // columns)
    figure = Figure(figsize=(6 * columns, 3.2 * rows), layout='constrained')
    FigureCanvasAgg(figure)
    for place, key in enumerate(keys, 1):
        axes = figure.add_subplot(rows, columns, place)
        for number, log in enumerate(logs):
            if key in log.points:
                few = len(log.points[key]) < 30
                axes.plot(*zip(*log.points[key], strict=True), color=f'C{number}', label=log.name,
                          marker='o' if few else None, markersize=3, linewidth=1.2)
        axes.set_title(key, fontsize=10)
        axes.set_xlabel('iteration', fontsize=8)
        axes.grid(alpha=.3)
        axes.legend(fontsize=7)
    with atomic_path(out) as temporary:
        figure.savefig(temporary, dpi=120)
