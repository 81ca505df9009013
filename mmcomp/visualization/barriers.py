"""Scores on the lines between a soup and the members it refused."""
import os
from collections.abc import Mapping, Sequence

from mmcomp.files import atomic_path

Curve = Sequence[tuple[float, float]]


def draw_barriers(panels: Mapping[str, Mapping[str, Curve]], out: str | os.PathLike) -> None:
    """Write a picture with a panel a quantity and a curve a member.

    Args:
        panels: By quantity (``accuracy/top1``, ``loss``), then by member: pairs
            of the member's share, from 0 (the soup) to 1, and the value there.
        out: A file name whose suffix matplotlib knows (``.png``, ``.svg``, ``.pdf``).
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(6 * len(panels), 3.8), layout='constrained')
    FigureCanvasAgg(figure)
    for place, (quantity, curves) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(1, len(panels), place)
        for name, curve in curves.items():
            axes.plot(*zip(*curve, strict=True), marker='o', markersize=4, linewidth=1.4, label=name)
        axes.set_title(quantity, fontsize=10)
        axes.set_xlabel('share of the refused member (0: the soup, 1: the member alone)', fontsize=8)
        axes.grid(alpha=.3)
        if curves:
            axes.legend(fontsize=7)
        else:
            axes.text(.5, .5, 'no member was refused', ha='center', va='center', transform=axes.transAxes)
    with atomic_path(out) as temporary:
        figure.savefig(temporary, dpi=120)
