"""Tables of samples on disk: CSV, TSV, JSON lines, parquet, or rows in memory.

This is the bottom layer: the text data set and the tools that split such
tables all read them here. Words stay words: an id ``007``, a comment ``null``
and a comment ``1e5`` come out as they were written. Numbers may be missing.
"""
import os
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmcomp.errors import DataError, did_you_mean, fault, shorten

if TYPE_CHECKING:
    import pandas

COMPRESSED = ('.gz', '.bz2', '.xz', '.zip', '.zst')
SEPARATORS = {'.csv': ',', '.tsv': '\t'}
SUFFIXES = (*SEPARATORS, '.jsonl', '.ndjson', '.parquet')
NOT_GIVEN = ['', 'nan', 'NaN', 'NA', 'N/A', 'null', 'None']
FLOAT_ID = re.compile(r'-?\d+\.0*|-?\d+(\.\d+)?[eE][+-]?\d+')


def read_columns(source: str | os.PathLike | Sequence[dict], words: Sequence[str], numbers: Sequence[str] = (),
                 aliases: Mapping[str, str] | None = None,
                 optional: Sequence[str] = ()) -> dict[str, list[str] | np.ndarray]:
    """Read some columns of a table, and keep nothing of the others.

    Args:
        source: A file (``.csv``, ``.tsv``, ``.jsonl``, ``.parquet``, the first three also
            compressed), or rows as dicts.
        words: Columns to read as text; a missing cell is an empty text.
        numbers: Columns to read as float64; a missing cell is NaN.
        aliases: ``{name in the file: name asked for}``, used where the file lacks the latter.
        optional: Columns that the file may lack; they are left out then.

    Returns:
        Lists of ``N`` texts and ``(N,)`` numbers by name, in file order.

    Raises:
        DataError: If the file is missing, empty or not what its suffix says,
            or lacks a column, or a number is none.
    """
    where = str(source) if _is_file(source) else 'rows'
    numbers = [name for name in numbers if name not in words]
    wanted, aliases = [*words, *numbers], dict(aliases or {})
    candidates = {**{name: name in numbers for name in wanted},
                  **{other: name in numbers for other, name in aliases.items() if name in wanted}}
    try:
        names, frame = _read(source, candidates)
    except FileNotFoundError:
        raise DataError(f'{where}: no such table. Check the path.') from None
    except (ValueError, OSError, UnicodeError) as error:  # pandas' and pyarrow's parsers raise kinds of these
        raise DataError(f'{where}: can\'t be read as its suffix says ({error}). Check the file.') from error
    stands_in = {name: other for other, name in aliases.items() if other in frame}
    found = {name: name if name in frame else stands_in[name] for name in wanted if name in frame or name in stands_in}
    missing = [name for name in wanted if name not in found and name not in optional]
    if missing and names:
        raise DataError(fault(where, 'columns', f'there: {shorten(missing)}', shorten(names, 12),
                              f'Correct the name in the config.{did_you_mean(missing[0], names)}'))
    if not len(frame):
        raise DataError(f'{where}: the table has no rows. Check the file.')
    return {name: _numbers(frame[column], where) if name in numbers else _words(frame[column])
            for name, column in found.items()}


def check_ids(ids: Sequence[str], where: str) -> None:
    """Refuse ids that are empty, not unique, or went through a program that took them for floats.

    Raises:
        DataError: Naming the first rows at fault.
    """
    floats = [name for name in ids if FLOAT_ID.fullmatch(name)]
    if len(floats) == len(ids):
        raise DataError(fault(where, 'ids', 'texts or whole numbers', floats[0],
                              'A program read them as floats; write them as text.'))
    empty = [row for row, name in enumerate(ids) if not name]
    if empty:
        raise DataError(f'{where}: {len(empty)} rows have no id: rows {shorten(empty)}. Give each an id of its own.')
    if len(set(ids)) != len(ids):
        unique, counts = np.unique(np.asarray(ids), return_counts=True)
        raise DataError(fault(where, 'ids', 'unique', shorten(unique[counts > 1]), 'Keep one row of each.'))


def is_table(path: str | os.PathLike) -> bool:
    """Whether a file's name ends like that of a table."""
    path = Path(path)
    return (Path(path.stem).suffix if path.suffix.lower() in COMPRESSED else path.suffix).lower() in SUFFIXES


def _is_file(source: object) -> bool:
    return isinstance(source, (str, os.PathLike))


def _suffix(path: str | os.PathLike) -> str:
    """The suffix that tells the format, without that of a compression."""
    path = Path(path)
    suffix = Path(path.stem).suffix if path.suffix.lower() in COMPRESSED else path.suffix
    if suffix.lower() not in SUFFIXES:
        raise DataError(fault(path, 'suffix', f'one of {SUFFIXES}', suffix, 'Rename or convert the file.'))
    if suffix.lower() == '.parquet' and find_spec('pyarrow') is None:
        raise DataError(f'{path}: reading parquet needs pyarrow. Run `pip install pyarrow`, or convert it to CSV.')
    return suffix.lower()


def _read(source: str | os.PathLike | Sequence[dict], is_number: dict[str, bool]) -> tuple[list, 'pandas.DataFrame']:
    """All column names, and those columns that are keys of ``is_number``."""
    import pandas as pd
    if not _is_file(source):
        names = list(dict.fromkeys(name for row in source for name in row))
        return names, pd.DataFrame({name: [row.get(name) for row in source] for name in names if name in is_number})
    suffix = _suffix(source)
    if suffix in SEPARATORS:
        return _read_separated(source, SEPARATORS[suffix], is_number)
    if suffix == '.parquet':
        from pyarrow.parquet import read_schema
        names = list(read_schema(source).names)
        return names, pd.read_parquet(source, columns=[name for name in names if name in is_number])
    # In chunks, for the unwanted columns are large; later lines may have keys that the first ones lack.
    names, kept = {}, []
    with pd.read_json(source, lines=True, dtype=False, convert_dates=False, chunksize=50_000) as chunks:
        for chunk in chunks:
            names.update(dict.fromkeys(chunk.columns))
            kept.append(chunk[[name for name in chunk.columns if name in is_number]])
    return list(names), pd.concat(kept, ignore_index=True) if kept else pd.DataFrame()


def _read_separated(path: str | os.PathLike, separator: str, is_number: dict[str, bool]) -> tuple:
    import pandas as pd
    try:
        names = list(pd.read_csv(path, sep=separator, nrows=0, encoding='utf-8-sig').columns)
    except pd.errors.EmptyDataError:
        return [], pd.DataFrame()
    numbers = [name for name in names if is_number.get(name, False)]
    words = [name for name in names if not is_number.get(name, True)]
    return names, pd.read_csv(path, sep=separator, usecols=[*numbers, *words], encoding='utf-8-sig',
                              keep_default_na=False, na_values=dict.fromkeys(numbers, NOT_GIVEN),
                              dtype=dict.fromkeys(words, str))


def _words(column: 'pandas.Series') -> list[str]:
    values = column.tolist()
    return [value if type(value) is str else '' if value is None or value != value else str(value) for value in values]


def _numbers(column: 'pandas.Series', where: str) -> np.ndarray:
    import pandas as pd
    numbers = pd.to_numeric(column, errors='coerce').to_numpy(np.float64)
    wrong = np.flatnonzero(np.isnan(numbers) & ~(column.isna() | column.isin(NOT_GIVEN)).to_numpy())
    if len(wrong):
        got = [f'row {row}: {column.iloc[row]}' for row in wrong[:3]]
        raise DataError(fault(where, str(column.name), f'numbers ({len(wrong)} are not)', shorten(got),
                              'Correct the cells, or the name of the column.'))
    return numbers
