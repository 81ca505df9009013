"""Counts that a boost is made from, and the weights that it leaves: a CSV, a picture."""
import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmcomp.annotations import read_list
from mmcomp.files import atomic_open, atomic_path
from mmcomp.predictions.counts.class_files import read_prior


def read_counts(path: str | os.PathLike, names: Sequence[str]) -> np.ndarray:
    """Samples of each class, ``(C,)``, from a CSV of ``class,count`` or from an annotation list."""
    if Path(path).suffix.lower() == '.csv':
        return read_prior(path, names)
    return np.bincount(read_list(path, len(names))[1], minlength=len(names))


def write_class_weights(path: str | os.PathLike, names: Sequence[str], weights: np.ndarray) -> None:
    """Write ``class,weight``, as ``ensemble --class-weights`` reads it."""
    with atomic_open(path, newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(('class', 'weight'))
        writer.writerows((name, f'{weight:.9g}') for name, weight in zip(names, weights, strict=True))


def draw_weights(path: str | os.PathLike, counts: np.ndarray, weights: np.ndarray) -> None:
    """Draw the weight of each class over its number of samples into an image file."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(7, 4), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.scatter(np.maximum(counts, .5), weights, s=12, color='tab:blue')
    axes.set_xscale('log')
    axes.set_xlabel('training samples of the class (none at 0.5)')
    axes.set_ylabel('weight')
    with atomic_path(path) as temporary, matplotlib.rc_context({'svg.hashsalt': 'mmcomp'}):
        figure.savefig(temporary, dpi=120)
