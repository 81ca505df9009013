"""One picture of a road: accuracy after each step, and the predicted classes before and after re-distribution."""
import os
from collections.abc import Sequence

import numpy as np

from mmcomp.files import atomic_path


def draw_road(steps: Sequence[tuple[str, float, float]], before: np.ndarray, after: np.ndarray, num_classes: int,
              out: str | os.PathLike) -> None:
    """Write the picture.

    Args:
        steps: Name, accuracy and its standard error of each step, in order.
        before: Predicted classes ``(N,)`` ahead of re-distribution.
        after: Those behind it, ``(N,)``.
        num_classes: C.
        out: A file name whose suffix matplotlib knows (``.png``, ``.svg``, ``.pdf``).
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(12, 4.5), layout='constrained')
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    names, values, errors = zip(*steps, strict=True)
    rows = np.arange(len(names))
    left.errorbar(np.multiply(values, 100), rows, xerr=np.multiply(errors, 100), fmt='o-', capsize=3, linewidth=1)
    left.set_yticks(rows, names)
    left.invert_yaxis()
    left.grid(axis='x', alpha=.3)
    left.set_xlabel('accuracy on the test set, % (bars: standard error)')
    _draw_counts(right, before, after, num_classes)
    with atomic_path(out) as temporary:
        figure.savefig(temporary, dpi=120)


def _draw_counts(axes, before: np.ndarray, after: np.ndarray, num_classes: int) -> None:
    """Samples of each class, the most frequent first."""
    for labels, name, color in ((before, 'before', 'tab:orange'), (after, 'after', 'tab:blue')):
        counts = np.sort(np.bincount(labels, minlength=num_classes))[::-1]
        axes.step(np.arange(num_classes + 1), [*counts, counts[-1]], where='post', label=name, color=color)
    axes.axhline(len(before) / num_classes, color='gray', linewidth=1, linestyle=':', label='N / C')
    axes.set_ylim(bottom=0)
    axes.set_xlabel('class, most frequent first')
    axes.set_ylabel('test images predicted as the class')
    axes.set_title('re-distribution', loc='left', fontsize='medium')
    axes.legend(frameon=False)
