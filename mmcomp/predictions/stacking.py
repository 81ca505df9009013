"""Tables of different samples, such as those of folds, as one."""
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.predictions.ensembles.member_weights import member_name
from mmcomp.predictions.formats.table_stream import TableStream, converted, placeholder, stream_of
from mmcomp.predictions.formats.top_scores import TopScores
from mmcomp.predictions.joining import match_classes
from mmcomp.structures.prediction_table import PredictionTable


def stack(tables: Sequence[PredictionTable], keep_equal: bool = False) -> TableStream:
    """The rows of several tables, one after the other, with the classes in the order of the first.

    Args:
        tables: Of one kind and the same classes.
        keep_equal: Of a sample that two tables have with the same scores, keep
            the first row; otherwise it is an error, as different scores are.

    Raises:
        TableError: If kinds or classes differ, or a sample occurs twice.
    """
    first = tables[0]
    named = next((t.classes for t in tables if t.classes), None)
    parts, place = [], {}
    for table in tables:
        if table.kind != first.kind:
            raise TableError(fault(table.name, 'kind', f'`{first.kind}` like that of {first.name}', table.kind,
                                   'Convert one with `mmcomp table convert`.'))
        columns = match_classes(named, first.scores.shape[1], table, first.name)
        twice = [i for i in table.ids.tolist() if i in place]
        if twice:
            _refuse_twice(table, columns, twice, place, keep_equal)
        keep = np.array([row for row, i in enumerate(table.ids.tolist()) if i not in place], dtype=np.int64)
        place |= {i: (table, columns, row) for row, i in enumerate(table.ids.tolist()) if i not in place}
        parts.append((table, columns, None if len(keep) == len(table) else keep))
    dtype = np.result_type(*(t.scores.dtype for t in tables))
    origin = {'joined': [member_name(t) for t in tables]}
    head = PredictionTable(np.array(list(place), dtype=np.str_), placeholder(len(place), first.scores.shape[1], dtype),
                           first.kind, named, origin)
    return TableStream(head, lambda: _blocks(parts, dtype))


def _blocks(parts: list, dtype: np.dtype) -> Iterator[np.ndarray]:
    for table, columns, keep in parts:
        part = table if keep is None else table.take(keep)
        for block in stream_of(part).blocks():
            yield (block if columns is None else block[:, columns]).astype(dtype, copy=False)


def _refuse_twice(table: PredictionTable, columns: np.ndarray | None, twice: list[str], place: dict,
                  keep_equal: bool) -> None:
    """Name the samples that two tables have, unless their scores are the same and that is allowed."""
    row_of = {i: row for row, i in enumerate(table.ids.tolist())}

    def row(source: PredictionTable, order: np.ndarray | None, at: int) -> np.ndarray:
        return source.scores[at] if order is None else source.scores[at][order]
    differ = [i for i in twice if not np.array_equal(row(table, columns, row_of[i]), row(*place[i]), equal_nan=True)]
    if keep_equal and not differ:
        return
    other = place[(differ or twice)[0]][0].name
    what = f'with other scores: {shorten(differ)}' if differ else f'with the same scores: {shorten(twice)}'
    remedy = 'Keep one row of each.' if differ else 'Pass `--keep-equal` to keep the first row of each.'
    raise TableError(f'{table.name}: {len(twice)} of its samples are in {other} too, {what}. {remedy}')


def of_kind(table: PredictionTable, kind: str) -> TableStream:
    """A table as another kind: logits through a softmax, the logarithms of probabilities, values as they are called.

    Where rows keep their top classes alone, the others share what they had evenly to make probabilities again.

    Raises:
        TableError: If there is no way from the one kind to the other.
    """
    from mmcomp.predictions.ensembles.combining import log, softmax
    changes = {('logit', 'probability'): softmax, ('probability', 'logit'): log}
    if isinstance(table.scores, TopScores) and kind == 'probability':
        head = replace(table, kind=kind, scores=placeholder(*table.scores.shape, np.float32))
        return checked(TableStream(head, table.scores.spread))
    if table.kind == kind or kind == 'value' or table.kind == 'value' and kind != 'probability':
        return replace_kind(table, kind)
    if table.kind == 'value':
        return replace_kind(replace(table, kind=kind).check(), kind)
    if (table.kind, kind) not in changes:
        raise TableError(fault(table.name, 'kind', f'one that can become `{kind}`', table.kind, 'Predict again.'))
    change = changes[table.kind, kind]
    _refuse_not_finite(table)
    return converted(table, lambda block: change(np.array(block, dtype=np.float32)), np.float32, kind=kind)


def checked(stream: TableStream) -> TableStream:
    """The same, whose blocks are looked at as they come; see :meth:`.PredictionTable.check`."""
    def blocks() -> Iterator[np.ndarray]:
        start = 0
        for block in stream.blocks():
            replace(stream.head, ids=stream.head.ids[start:start + len(block)], scores=block).check()
            start += len(block)
            yield block
    return TableStream(stream.head, blocks)


def replace_kind(table: PredictionTable, kind: str) -> TableStream:
    """The same scores under another name."""
    return stream_of(replace(table, kind=kind))


def _refuse_not_finite(table: PredictionTable) -> None:
    replace(table, kind='value').check()
