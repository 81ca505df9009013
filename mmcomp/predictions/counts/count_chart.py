"""The bar chart "how many classes have n predictions", before and after."""
import os

import numpy as np

from mmcomp.files import atomic_path


def classes_by_count(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Entry n is the number of classes with exactly n samples."""
    return np.bincount(np.bincount(labels, minlength=num_classes))


def draw_counts(before: np.ndarray, after: np.ndarray, num_classes: int, path: str | os.PathLike) -> None:
    """Draw both distributions of samples a class into an image file.

    Args:
        before: Labels ``(N,)``.
        after: Labels ``(N,)``.
        num_classes: C.
        path: The image; its ending is the format.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(10, 4), layout='constrained')
    FigureCanvasAgg(figure)  # draws without a display, whatever backend is set
    top, bottom = figure.subplots(2, 1, sharex=True, sharey=True)
    mean = len(before) / num_classes
    for axes, labels, title in ((top, before, 'before'), (bottom, after, 'after')):
        bars = classes_by_count(labels, num_classes)
        axes.bar(np.arange(len(bars)), bars, width=.9, color='tab:blue')
        axes.axvline(mean, color='tab:orange', linewidth=1, label=f'N / C = {mean:.3g}')
        axes.set_ylabel('classes')
        axes.set_title(title, loc='left', fontsize='medium')
    top.legend(frameon=False)
    bottom.set_xlabel('samples predicted as the class')
    with atomic_path(path) as temporary, matplotlib.rc_context({'svg.hashsalt': 'mmcomp'}):
        figure.savefig(temporary, dpi=120)
