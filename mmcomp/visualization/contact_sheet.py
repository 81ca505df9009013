"""Many small pictures on one page."""
import os
from collections.abc import Sequence

import numpy as np

from mmcomp.files import atomic_path

CELL_INCHES = 1.9


def contact_sheet(images: Sequence[np.ndarray], captions: Sequence[str], out: str | os.PathLike,
                  columns: int | None = None) -> None:
    """Write images with their captions as one picture.

    Args:
        images: RGB, ``(H, W, 3)`` uint8, of any sizes; at least one.
        captions: One an image, shown above it.
        out: A file name whose suffix matplotlib knows (``.png``, ``.jpg``, ``.pdf``).
        columns: Images a row. Defaults to about eight squares' width.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    shape = max(1, max(image.shape[1] for image in images) / max(image.shape[0] for image in images))
    columns = min(columns or max(1, round(8 / shape)), len(images))
    rows = -(-len(images) // columns)
    width = CELL_INCHES * shape
    lines = max(caption.count('\n') + 1 for caption in captions)
    figure = Figure(figsize=(width * columns, (CELL_INCHES + .14 * lines) * rows), layout='constrained')
    FigureCanvasAgg(figure)
    for place, (image, caption) in enumerate(zip(images, captions, strict=True), 1):
        axes = figure.add_subplot(rows, columns, place)
        small = max(image.shape[:2]) < 128
        axes.imshow(image, interpolation='nearest' if small else 'antialiased')
        # A `$` would start a formula.
        axes.set_title(caption.replace('$', r'\$'), fontsize=7)
        axes.axis('off')
    with atomic_path(out) as temporary:
        figure.savefig(temporary, dpi=120)
