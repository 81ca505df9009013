"""Rows of annotation files that are JSON lists of objects, or a JSON object a line."""
import json
import os
from collections.abc import Sequence
from pathlib import Path

from mmcomp.annotations import read_list
from mmcomp.errors import DataError, did_you_mean, fault, shorten
from mmcomp.tabular import check_ids


def read_rows(path: str | os.PathLike) -> list[dict]:
    """All objects of a ``.json`` list or of ``.jsonl`` lines.

    Raises:
        DataError: If the file is missing, no JSON, or no list of objects.
    """
    try:
        with open(path, encoding='utf-8-sig') as file:
            lines = Path(path).suffix in ('.jsonl', '.ndjson')
            rows = [json.loads(line) for line in file if line.strip()] if lines else json.load(file)
    except FileNotFoundError:
        raise DataError(f'{path}: no such annotation file. Check the path.') from None
    except ValueError as error:
        raise DataError(f'{path}: not JSON ({error}). Check that it is whole.') from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise DataError(fault(path, 'content', 'a list of objects, not empty', type(rows).__name__, 'Check the file.'))
    return rows


def ids_of(rows: Sequence[dict], key: str, where: str) -> list[str]:
    """The id of each row.

    Raises:
        DataError: If a row has none, or two have the same.
    """
    lacking = [place for place, row in enumerate(rows) if row.get(key) is None]
    if lacking:
        raise DataError(fault(where, key, f'in each row ({len(lacking)} lack it)', f'rows {shorten(lacking)}',
                              f'Correct `id_key`.{did_you_mean(key, rows[lacking[0]])}'))
    ids = [str(row[key]) for row in rows]
    check_ids(ids, where)
    return ids


def texts_of(rows: Sequence[dict], key: str, where: str, *, sort: bool = True, drop_repeats: bool = False,
             joiner: str = '') -> list[str]:
    """One text a row; timed texts, ``[{'time': …, 'text': …}, …]``, are joined.

    Args:
        rows: Where a key is missing or null the text is empty, unless no row has it.
        key: Of the text.
        where: How errors call the file.
        sort: Order timed texts by time.
        drop_repeats: Keep the first of equal timed texts.
        joiner: What stands between them.

    Raises:
        DataError: If no row has the key, or a value is neither text nor timed texts.
    """
    if not any(key in row for row in rows):
        raise DataError(fault(where, 'text_keys', f'keys of the rows ({shorten(rows[0], 12)})', key,
                              f'Correct the config.{did_you_mean(key, rows[0])}'))
    texts = []
    for place, row in enumerate(rows):
        value = row.get(key)
        try:
            texts.append(value if isinstance(value, str) else
                         joined(value or [], sort=sort, drop_repeats=drop_repeats, joiner=joiner))
        except (TypeError, KeyError, AttributeError):
            raise DataError(fault(f'{where}, row {place}', key, 'a text, or a list of objects with `time` and `text`',
                                  value, 'Correct the row.')) from None
    return texts


def joined(timed: Sequence[dict], *, sort: bool = True, drop_repeats: bool = False, joiner: str = '') -> str:
    """The texts of ``{'time': …, 'text': …}`` objects as one."""
    timed = sorted(timed, key=lambda piece: piece['time']) if sort else timed
    pieces = [piece['text'] for piece in timed]
    return joiner.join(dict.fromkeys(pieces) if drop_repeats else pieces)


def listed(path: str | os.PathLike, ids: Sequence[str], where: str) -> tuple[list[int], list[int] | None]:
    """Which rows a list names, in its order, and their labels where it has ``id label`` lines.

    Raises:
        DataError: If it names an id that is not there.
    """
    row_of = {name: row for row, name in enumerate(ids)}
    names, labels = read_list(path, with_label=False)[0], None
    if not all(name in row_of for name in names):
        if all(line.rsplit(maxsplit=1)[-1].isdecimal() and len(line.split()) > 1 for line in names):
            names, labels = read_list(path)
    unknown = [name for name in names if name not in row_of]
    if unknown:
        raise DataError(f'{path}: {len(unknown)} of {len(names)} ids are not in {where}: {shorten(unknown)}. '
                        'Add the annotation file that has them, or make the list anew.')
    return [row_of[name] for name in names], None if labels is None else labels.tolist()
