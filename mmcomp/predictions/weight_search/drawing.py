"""How alike the members are and what each is worth, shown."""
import os

import numpy as np

from mmcomp.files import atomic_path
from mmcomp.predictions.weight_search.member_value import correlations
from mmcomp.predictions.weight_search.searching import Found


def print_members(found: Found) -> None:
    """A table on stdout: weight, score, value, likeness of every member."""
    from rich.console import Console
    from rich.table import Table
    metric, matrix = found.evidence.metric, correlations(found.evidence)[0]
    factor, unit = metric.scale
    digits = 2 if unit else 5
    table = Table('member', header_style='bold')
    for name in ('weight', *(() if not found.refused else ('found', )), metric.name, 'worth', 'most like', 'corr.'):
        table.add_column(name, justify='left' if name == 'most like' else 'right')
    names = found.evidence.names
    others = matrix - 2 * np.eye(len(names))
    for place in np.argsort(-found.weights, kind='stable'):
        gain, twin = found.values[place], int(others[place].argmax())
        row = [names[place], f'{found.weights[place]:.4f}', *([f'{found.searched[place]:.4f}'] * found.refused),
               f'{factor * found.single_scores[place]:.{digits}f}', gain.words(metric).removesuffix(unit), names[twin],
               f'{matrix[place, twin]:.2f}']
        table.add_row(*row, style='dim' if gain.is_noise else None)
    console = Console()
    # In a pipe there is no width to fit into.
    Console(width=None if console.is_terminal else 160).print(table)


def draw_members(found: Found, path: str | os.PathLike) -> None:
    """Draw the correlations and each member's worth with its interval.

    Args:
        found: Result of the search.
        path: The image; its ending is the format.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    matrix, what = correlations(found.evidence)
    metric, names, count = found.evidence.metric, found.evidence.names, len(found.evidence.names)
    side = max(3.2, .42 * count)
    figure = Figure(figsize=(2 * side + 4.5, side + 1.4), layout='constrained')
    FigureCanvasAgg(figure)  # draws without a display, whatever backend is set
    left, right = figure.subplots(1, 2, width_ratios=(1, .9))
    _draw_matrix(figure, left, matrix, names)
    left.set_title(f'correlation of {what}', loc='left', fontsize='medium')
    factor, unit = metric.scale
    values, low, high = (factor * np.array([getattr(g, part) for g in found.values]) for part in
                         ('value', 'low', 'high'))
    colors = ['tab:gray' if gain.is_noise else 'tab:blue' for gain in found.values]
    spread = np.maximum(0, [values - low, high - values])
    right.barh(range(count), values, xerr=spread, color=colors, error_kw=dict(linewidth=1, capsize=2))
    right.axvline(0, color='black', linewidth=.8)
    right.set_yticks(range(count), [f'{n}  {w:.3f}' for n, w in zip(names, found.weights, strict=True)])
    right.set_ylim(count - .5, -.5)
    right.set_xlabel(f'{metric.name} lost without it{"," * bool(unit)}{unit}; gray: inside the noise')
    right.set_title('weight, and worth on held-out samples', loc='left', fontsize='medium')
    for edge in ('top', 'right'):
        right.spines[edge].set_visible(False)
    with atomic_path(path) as temporary, matplotlib.rc_context({'svg.hashsalt': 'mmcomp'}):
        figure.savefig(temporary, dpi=120)


def _draw_matrix(figure, axes, matrix: np.ndarray, names: tuple[str, ...]) -> None:
    count = len(names)
    apart = matrix[~np.eye(count, dtype=bool)]
    low = min(float(apart.min()), .95)
    shown = np.where(np.eye(count, dtype=bool), np.nan, matrix)
    image = axes.imshow(shown, cmap='viridis', vmin=low, vmax=max(float(apart.max()), low + .01))
    axes.set_xticks(range(count), names, rotation=45, ha='right', rotation_mode='anchor')
    axes.set_yticks(range(count), names)
    if count <= 20:
        middle = np.mean(image.get_clim())
        for row, column in np.argwhere(~np.eye(count, dtype=bool)):
            axes.text(column, row, f'{matrix[row, column]:.2f}'.replace('0.', '.'), ha='center', va='center',
                      fontsize=7, color='white' if matrix[row, column] < middle else 'black')
    figure.colorbar(image, ax=axes, shrink=.8)
