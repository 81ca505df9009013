"""Tables of any form as blocks of rows, so that their scores need not fit into memory."""
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.predictions.formats.top_scores import TopScores
from mmcomp.structures.prediction_table import KINDS, PredictionTable

BLOCK_BYTES = 4 << 20
DTYPES = ('float16', 'float32', 'float64')


@dataclass(frozen=True)
class TableStream:
    """What a table holds, with its scores still to come.

    Args:
        head: Ids, kind, classes and origin; its scores have the shape and type
            of those to come, and are not looked at.
        blocks: Called for an iterator over blocks of rows ``(n, C)``, in the
            order of the ids. Each block is used up before the next is asked for.
    """
    head: PredictionTable
    blocks: Callable[[], Iterator[np.ndarray]] = field(repr=False)

    def gather(self) -> PredictionTable:
        """The table in memory."""
        scores, start = np.empty(self.head.scores.shape, self.head.scores.dtype), 0
        for block in self.blocks():
            scores[start:start + len(block)] = block
            start += len(block)
        return replace(self.head, scores=scores)


def placeholder(rows: int, columns: int, dtype: str | np.dtype) -> np.ndarray:
    """An array of the given shape that takes no memory, for :attr:`TableStream.head`."""
    return np.broadcast_to(np.zeros((), dtype), (rows, columns))


def row_slices(rows: int, columns: int, size: int = BLOCK_BYTES) -> list[slice]:
    """Slices of about ``size`` bytes of float32 each."""
    step = max(1, size // max(1, 4 * columns))
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def stream_of(table: PredictionTable | TableStream) -> TableStream:
    """A table's own scores as a stream; a stream as it is."""
    if isinstance(table, TableStream):
        return table
    return TableStream(table, lambda: (table.scores[s] for s in row_slices(*table.scores.shape)))


def converted(table: PredictionTable | TableStream, change: Callable[[np.ndarray], np.ndarray],
              dtype: str | np.dtype, **head) -> TableStream:
    """A stream whose blocks go through ``change`` and become ``dtype``; ``head`` replaces fields of the head."""
    source = stream_of(table)
    scores = placeholder(*source.head.scores.shape, dtype)

    def blocks() -> Iterator[np.ndarray]:
        for block in source.blocks():
            with np.errstate(over='ignore'):
                yield change(block).astype(dtype, copy=False)
    return TableStream(replace(source.head, scores=scores, **head), blocks)


def top_classes(table: PredictionTable | TableStream) -> tuple[PredictionTable, np.ndarray]:
    """The head of a table and the column of each row's top score, ``(N,)``, without keeping scores."""
    stream = stream_of(table)
    labels = [block.argmax(axis=1) for block in stream.blocks()]
    return stream.head, np.concatenate(labels) if labels else np.empty(0, np.int64)


def as_type(table: PredictionTable | TableStream, dtype: str) -> TableStream:
    """A stream of scores of another type.

    Raises:
        TableError: While it is read, if a number does not fit into the type.
    """
    source = stream_of(table)
    if source.head.scores.dtype == dtype:
        return source

    def change(block: np.ndarray) -> np.ndarray:
        with np.errstate(over='ignore'):
            narrow = block.astype(dtype)
        if (np.isinf(narrow) & np.isfinite(block)).any():
            raise TableError(f'{source.head.name}: its scores leave the range of {dtype}. Keep {block.dtype}.')
        return narrow
    return converted(source, change, dtype)


def assemble(path: object, ids: Iterable, scores: object, kind: object = 'probability',
             classes: Iterable | None = None, origin: object = None) -> PredictionTable:
    """A table of what a file says it holds.

    Raises:
        TableError: If anything is not of the type that a table has.
    """
    if not (isinstance(scores, np.ndarray | TopScores) and scores.ndim == 2 and scores.shape[1]):
        raise TableError(fault(path, 'scores', 'an array (N, C) of floats', _shape(scores), 'Write the table again.'))
    if scores.dtype.name not in DTYPES:
        raise TableError(fault(path, 'scores', f'of type {", ".join(DTYPES)}', scores.dtype.name, 'Convert them.'))
    if not isinstance(kind, str) or kind not in KINDS:
        raise TableError(fault(path, 'kind', f'one of {KINDS}', kind, 'Correct it.'))
    if origin is not None and not isinstance(origin, dict):
        raise TableError(fault(path, 'origin', 'a dict', type(origin).__name__, 'Write the table again.'))
    classes = None if classes is None else tuple(_texts(path, 'classes', classes).tolist())
    if not scores.dtype.isnative:
        scores = scores.astype(scores.dtype.newbyteorder('='))
    scores = scores if isinstance(scores, np.memmap | TopScores) else np.asarray(scores)
    return PredictionTable(_texts(path, 'ids', ids), scores, kind, classes,
                           {**(origin or {}), 'file': str(path)})


def _shape(value: object) -> str:
    return f'shape {value.shape}' if isinstance(value, np.ndarray) else type(value).__name__


def _texts(path: object, name: str, values: object) -> np.ndarray:
    """A one-dimensional array of strings."""
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind == 'U':
        values = np.asarray(values)
        return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder('='))
    plain = values.tolist() if isinstance(values, np.ndarray) and values.ndim == 1 else values
    if not isinstance(plain, (list, tuple)):
        raise TableError(fault(path, name, 'a list of strings', _shape(values), 'Write the table again.'))
    wrong = [v for v in plain if not isinstance(v, str)]
    if wrong:
        raise TableError(fault(path, name, 'strings', shorten(wrong, 3), 'Write them as text.'))
    return np.array(plain, dtype=np.str_)
