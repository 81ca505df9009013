"""Tables as parquet: a text column of ids, and a column of floats a class. Needs pyarrow, an optional package."""
import json
import os

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.files import atomic_path
from mmcomp.predictions.formats.csv_table import kind_of
from mmcomp.predictions.formats.npz_table import ALWAYS, RATIO
from mmcomp.predictions.formats.table_stream import TableStream, assemble
from mmcomp.structures.prediction_table import PredictionTable

KEY = b'mmcomp.table'
BATCH_ROWS = 1024


def write_parquet(stream: TableStream, path: str | os.PathLike) -> None:
    """Write a table block by block; kind and origin go into the schema's metadata."""
    pa = _pyarrow(path)
    head, start = stream.head, 0
    origin = {k: v for k, v in head.origin.items() if k != 'file'}
    about = dict(kind=head.kind, origin=origin, named=head.classes is not None)
    number = pa.from_numpy_dtype(head.scores.dtype)
    # An index in the names keeps a class called `id` apart from the ids.
    names = ['id', *(f'{name}' if name != 'id' else 'class id' for name in head.class_names)]
    schema = pa.schema([pa.field(n, number if i else pa.string()) for i, n in enumerate(names)],
                       metadata={KEY: json.dumps({**about, 'classes': list(head.class_names)}, default=str).encode()})
    with atomic_path(path) as temporary, pa.parquet.ParquetWriter(temporary, schema) as writer:
        for block in stream.blocks():
            ids = pa.array(head.ids[start:start + len(block)].tolist(), pa.string())
            columns = [pa.array(np.ascontiguousarray(block[:, c]), number) for c in range(block.shape[1])]
            writer.write_batch(pa.record_batch([ids, *columns], schema=schema))
            start += len(block)


def read_parquet(path: str | os.PathLike) -> PredictionTable:
    """Read ids (the column ``id``, else the only text column) and scores (all others).

    Raises:
        TableError: If pyarrow is missing, or the file is torn, claims more
            than it can hold or has columns of other types.
    """
    pa = _pyarrow(path)
    try:
        with pa.parquet.ParquetFile(path) as file:
            return _read(pa, file, path)
    except TableError:
        raise
    except FileNotFoundError:
        raise TableError(f'{path}: no such file. Check the path.') from None
    except Exception as error:  # a damaged file can raise anything
        raise TableError(f'{path}: not a whole parquet file ({type(error).__name__}: {error}). Write it again.') \
            from error


def _read(pa, file, path) -> PredictionTable:
    schema, rows = file.schema_arrow, file.metadata.num_rows
    about = _about(schema)
    texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
    key = 'id' if 'id' in texts else texts[0] if len(texts) == 1 else None
    others = [f for f in schema if f.name != key]
    wrong = [f'{f.name} ({f.type})' for f in others if not pa.types.is_floating(f.type)]
    if key is None or wrong or not others:
        raise TableError(fault(path, 'columns', 'one of texts, `id`, and one of floats a class',
                               shorten(wrong or texts), 'Drop or convert the others.'))
    _refuse_bomb(file, path, rows, len(others))
    dtype = np.result_type(*{f.type.to_pandas_dtype() for f in others})
    scores, ids = np.empty((rows, len(others)), dtype), []
    for batch in file.iter_batches(BATCH_ROWS, columns=[f.name for f in schema]):
        start = len(ids)
        ids += batch.column(batch.schema.get_field_index(key)).to_pylist()
        for column, other in enumerate(others):
            values = batch.column(batch.schema.get_field_index(other.name))
            scores[start:len(ids), column] = values.to_numpy(zero_copy_only=False)
    if len(ids) != rows:
        raise TableError(f'{path}: it has {len(ids)} of {rows} rows. Write it again.')
    names = about.get('classes', [f.name for f in others]) if about.get('named', True) else None
    return assemble(path, ids, scores, about.get('kind') or kind_of(scores), names, about.get('origin'))


def _about(schema) -> dict:
    try:
        about = json.loads((schema.metadata or {}).get(KEY, b'{}'))
    except ValueError:
        return {}
    return about if isinstance(about, dict) else {}


def _refuse_bomb(file, path: str | os.PathLike, rows: int, columns: int) -> None:
    """Dictionaries and run lengths can make terabytes of a small file."""
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    size = max(4 * rows * columns, sum(g.total_byte_size for g in groups))
    if size > max(ALWAYS, RATIO * os.path.getsize(path)):
        raise TableError(fault(path, 'size', f'at most {ALWAYS >> 30} GiB, or {RATIO} times that of the file',
                               f'{size} bytes in {os.path.getsize(path)}',
                               'If you trust its author, load it with pyarrow and save it another way.'))


def _pyarrow(path: object):
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise TableError(f'{path}: parquet needs the package `pyarrow`. Install it with `pip install pyarrow`.') \
            from None
    return pyarrow
