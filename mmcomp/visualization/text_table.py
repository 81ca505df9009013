"""Tables for a terminal, a log or a pipe."""
from collections.abc import Sequence


def text_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as their widest cell; all but the first aligned right.

    Args:
        header: Column names.
        rows: Cells, shown by ``str``; None is shown as ``-``.
    """
    cells = [list(map(str, header)), *([('-' if c is None else str(c)) for c in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ['  '.join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
             for row in cells]
    return '\n'.join([lines[0], '  '.join('-' * w for w in widths), *lines[1:]])
