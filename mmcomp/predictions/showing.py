"""Tables and their differences, as text on a terminal."""
import os
from pathlib import Path

import numpy as np

from mmcomp.errors import shorten
from mmcomp.predictions.comparing import Difference, Summary
from mmcomp.predictions.formats.top_scores import TopScores
from mmcomp.structures.prediction_table import PredictionTable

TOP_CLASSES = 5


def size_on_disk(path: str | os.PathLike) -> int:
    """Bytes of a file, or of all files of a folder."""
    path = Path(path)
    return sum(p.stat().st_size for p in path.rglob('*')) if path.is_dir() else path.stat().st_size


def describe(table: PredictionTable, found: Summary, form: str) -> list[tuple[str, str]]:
    """``(property, value)`` rows of a table."""
    rows, columns = table.scores.shape
    lines = [('form', f'{form}, {size_on_disk(table.name) / 1e6:.1f} MB'),
             ('samples', f'{rows}: {shorten(table.ids, 3)}'),
             ('classes', f'{columns}: {shorten(table.classes, 4)}' if table.classes else f'{columns}, without names'),
             ('kind', table.kind), ('type', table.scores.dtype.name)]
    if isinstance(table.scores, TopScores):
        rest = table.scores.rest if rows else np.zeros(1)
        lines.append(('kept', f'the {table.scores.top} highest classes of each row; the others, read as zero, had '
                      f'{rest.mean():.4g} in the mean, at most {rest.max():.4g}'))
    if rows:
        low, mean, high = found.sums
        lines += [('scores', f'{found.low:.6g} … {found.high:.6g}, mean of the top one {found.confidence:.4f}'),
                  ('sums of rows', f'{low:.6g} … {high:.6g}, mean {mean:.6g}'),
                  ('NaN, infinite', f'{found.nan}, {found.infinite}'), ('top classes', _top(table, found))]
    lines += [(f'origin {key}', _short(value)) for key, value in table.origin.items() if key != 'file']
    return lines


def _top(table: PredictionTable, found: Summary) -> str:
    order = np.argsort(-found.counts, kind='stable')[:TOP_CLASSES]
    listed = ', '.join(f'{table.class_names[c]} ({found.counts[c]})' for c in order if found.counts[c])
    return f'{listed}; {int((found.counts == 0).sum())} classes at the top of no sample'


def _short(value: object) -> str:
    text = shorten(value, 6) if isinstance(value, list) else str(value)
    return f'{text[:197]}...' if len(text) > 200 else text


def differences(found: Difference) -> list[tuple[str, str]]:
    """``(what, how much)`` rows of the difference of a first and a second table, those that differ only."""
    lines = [('kind', f'{" and ".join(found.kinds)}' if found.kinds else '')]
    for what, mine, yours in (('samples', found.only_here, found.only_there),
                              ('classes', found.classes_here, found.classes_there)):
        lines += [(f'{what} only in the first', f'{len(mine)}: {shorten(mine)}' if mine else ''),
                  (f'{what} only in the second', f'{len(yours)}: {shorten(yours)}' if yours else '')]
    if found.greatest:
        lines.append(('greatest difference of a score',
                      f'{found.greatest:.6g} ({found.where[0]}, class {found.where[1]})'))
    if found.changed:
        lines.append(('samples with another top class',
                      f'{len(found.changed)} of {found.rows}: {shorten(found.changed)}'))
    return [(what, value) for what, value in lines if value]


def show(title: str, lines: list[tuple[str, str]]) -> None:
    """Print rows of two columns as a table."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text
    console = Console(soft_wrap=False)
    table = Table(title=Text(title), title_justify='left', title_style='bold', box=box.SIMPLE, show_header=False)
    table.add_column(style='dim', no_wrap=True)
    table.add_column(overflow='fold')
    for what, value in lines:
        table.add_row(Text(what), Text(value))
    console.print(table)
