"""Tables that are mapped into memory: a folder ``NAME.table``.

===============  ==========================================================
``table.json``   format, version, kind, classes, origin, and the shape and
                 type of the scores; written last
``ids.npy``      ``(N,)`` texts
``scores.npy``   ``(N, C)`` float16, float32 or float64, row by row
===============  ==========================================================

Or, of a table of which each row keeps its K highest classes alone, of version 2
and with ``top`` in the manifest, in place of the scores:

===================  ======================================================
``top_scores.npy``   ``(N, K)`` the kept scores
``top_columns.npy``  ``(N, K)`` uint16 or uint32, ascending in each row
``rest.npy``         ``(N,)`` float32, the sum of the others
===================  ======================================================

A folder and not one file, since ``numpy.load('x.table/scores.npy',
mmap_mode='r')`` then opens the scores without mmcomp, in every tool that takes
an array, and nothing of it can run code. Ids are an array since they may hold
any character. The folder is written under another name and renamed when it is
whole.
"""
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.files import atomic_folder, write_json
from mmcomp.predictions.formats.npy_files import check_size, read_npy_header, write_npy_header
from mmcomp.predictions.formats.table_stream import TableStream, assemble
from mmcomp.predictions.formats.top_scores import TopScores, top_of_rows
from mmcomp.structures.prediction_table import PredictionTable

FORMAT, VERSION = 'mmcomp.table', 2
MANIFEST, IDS, SCORES = 'table.json', 'ids.npy', 'scores.npy'
VALUES, COLUMNS, REST = 'top_scores.npy', 'top_columns.npy', 'rest.npy'
MAX_MANIFEST = 256 << 20


def write_mapped(stream: TableStream, path: str | os.PathLike) -> None:
    """Write a table block by block, whole or not at all.

    Raises:
        TableError: If ``path`` is there and is no such table.
    """
    path, head = _free(path), stream.head
    dtype = head.scores.dtype
    with atomic_folder(path) as folder:
        np.save(folder / IDS, head.ids, allow_pickle=False)
        with open(folder / SCORES, 'wb') as file:
            write_npy_header(file, head.scores.shape, dtype)
            for block in stream.blocks():
                file.write(np.ascontiguousarray(block, dtype=dtype).data)
        write_manifest(folder, head)


def write_top(stream: TableStream, path: str | os.PathLike, top: int, rest: np.ndarray | None = None) -> None:
    """Write the ``top`` highest scores of each row block by block, whole or not at all.

    Args:
        stream: Of probabilities, or of values that are not negative; it becomes one of values.
        path: The folder.
        top: K, below the number of classes.
        rest: ``(N,)`` mass of classes that the stream has as zeros.

    Raises:
        TableError: If ``path`` is there and is no such table, or the scores can't be cut.
    """
    path, head = _free(path), replace(stream.head, kind='value')
    rows, classes = head.scores.shape
    if stream.head.kind not in ('probability', 'value'):
        raise TableError(fault(head.name, 'kind', 'probability or value where the top scores alone are kept',
                               stream.head.kind, 'Convert logits with `--kind probability`.'))
    if path.suffix != '.table' or not 1 <= top < classes:
        raise TableError(fault(path, 'suffix, top', f'`.table`, and from 1 to {classes - 1}, below the number of '
                               'classes', (path.suffix, top), 'Correct them.'))
    wide, mass, start = np.dtype('u2' if classes <= 1 << 16 else 'u4'), np.zeros(rows), 0
    mass += 0 if rest is None else rest
    with atomic_folder(path) as folder:
        np.save(folder / IDS, head.ids, allow_pickle=False)
        with open(folder / VALUES, 'wb') as values, open(folder / COLUMNS, 'wb') as columns:
            write_npy_header(values, (rows, top), head.scores.dtype)
            write_npy_header(columns, (rows, top), wide)
            for block in stream.blocks():
                replace(stream.head, ids=head.ids[start:start + len(block)], scores=block).check()
                bad = head.ids[start:start + len(block)][(block < 0).any(axis=1)]
                if len(bad):
                    raise TableError(fault(head.name, 'scores', 'not negative where the top ones alone are kept',
                                           shorten(bad), 'Keep them all.'))
                places, kept, others = top_of_rows(block, top)
                values.write(np.ascontiguousarray(kept, dtype=head.scores.dtype).data)
                columns.write(np.ascontiguousarray(places, dtype=wide).data)
                mass[start:start + len(block)] += others
                start += len(block)
        np.save(folder / REST, mass.astype(np.float32), allow_pickle=False)
        write_manifest(folder, head, version=VERSION, top=top)


def _free(path: str | os.PathLike) -> Path:
    path = Path(path)
    if path.exists() and not (path / MANIFEST).is_file():
        raise TableError(f'{path}: it is there and is no table. Give another name; nothing was overwritten.')
    return path


def write_manifest(folder: Path, head: PredictionTable, version: int = 1, **more: object) -> None:
    """What a table is, beside its arrays."""
    origin = {k: v for k, v in head.origin.items() if k != 'file'}
    try:
        write_json(folder / MANIFEST, dict(
            format=FORMAT, version=version, kind=head.kind, shape=list(head.scores.shape), dtype=head.scores.dtype.name,
            classes=list(head.classes) if head.classes else None, origin=origin, **more))
    except (TypeError, ValueError) as error:
        raise TableError(f'{head.name}: its origin holds what JSON has no word for ({error}). Write as `.pkl`.') \
            from error


def read_manifest(path: str | os.PathLike) -> dict:
    """The manifest, its types not yet checked.

    Raises:
        TableError: If the folder is no table or its manifest is damaged.
    """
    file = Path(path) / MANIFEST
    if not file.is_file():
        raise TableError(f'{path}: no table, for it is a folder without {MANIFEST}. Give a file or a `.table` folder.')
    if file.stat().st_size > MAX_MANIFEST:
        raise TableError(fault(file, 'size', f'at most {MAX_MANIFEST >> 20} MiB', file.stat().st_size,
                               'Write the table again.'))
    try:
        content = json.loads(file.read_text(encoding='utf-8'))
    except (OSError, ValueError, RecursionError) as error:
        raise TableError(f'{file}: not a whole manifest ({error}). Write the table again.') from error
    if not isinstance(content, dict) or content.get('format') != FORMAT:
        raise TableError(f'{file}: it is no manifest of a prediction table. Write the table again.')
    if not isinstance(content.get('version'), int) or content['version'] > VERSION:
        raise TableError(fault(file, 'version', f'at most {VERSION}', content.get('version'), 'Upgrade mmcomp.'))
    return content


def open_mapped(path: str | os.PathLike, mode: str = 'r') -> PredictionTable:
    """The table with its scores mapped; ``mode='c'`` lets them be changed in memory.

    Raises:
        TableError: If a file is missing, torn or does not fit the manifest.
    """
    manifest, folder = read_manifest(path), Path(path)
    if 'top' in manifest:
        scores = _open_top(folder, manifest)
    else:
        scores = _mapped(folder / SCORES, manifest.get('shape'), manifest.get('dtype'), mode)
    shape = scores.shape
    id_shape, id_dtype, id_offset = _look(folder / IDS)
    if id_dtype.kind != 'U' or len(id_shape) != 1 or len(id_shape) != 1 or id_shape[0] != shape[0]:
        raise TableError(fault(folder / IDS, 'ids', f'{shape[0]} texts', f'{id_shape} {id_dtype}',
                               'Write the table again.'))
    with open(folder / IDS, 'rb') as file:
        file.seek(id_offset)
        ids = np.frombuffer(file.read(), id_dtype) if id_dtype.itemsize else np.zeros(id_shape, '<U1')
    return assemble(path, valid_texts(folder / IDS, ids), scores, manifest.get('kind'), manifest.get('classes'),
                    manifest.get('origin'))


def _mapped(file: Path, wanted: list | None, dtype: str | None, mode: str = 'r', kinds: str = 'f') -> np.ndarray:
    """An array of the shape and type that the manifest says."""
    shape, found, offset = _look(file, kinds)
    if wanted != list(shape) or dtype != found.name:
        raise TableError(fault(file, 'scores', f'{wanted} {dtype} as the manifest says', f'{shape} {found}',
                               'Write the table again.'))
    return np.empty(shape, found) if 0 in shape or not shape else np.memmap(file, found, mode, offset, shape)


def _open_top(folder: Path, manifest: dict) -> TopScores:
    shape, top = manifest.get('shape'), manifest.get('top')
    whole = isinstance(shape, list) and len(shape) == 2 and all(type(n) is int and n >= 0 for n in [*shape, top])
    if not whole or not 1 <= top <= shape[1]:
        raise TableError(fault(folder / MANIFEST, 'shape, top', 'two whole numbers, and one up to the second',
                               (shape, top), 'Write the table again.'))
    rows, classes = shape
    return TopScores(
        _mapped(folder / VALUES, [rows, top], manifest.get('dtype')),
        _mapped(folder / COLUMNS, [rows, top], 'uint16' if classes <= 1 << 16 else 'uint32', kinds='u'),
        _mapped(folder / REST, [rows], 'float32'), classes, folder)


def valid_texts(where: object, texts: np.ndarray) -> np.ndarray:
    """Refuse numbers that are no characters."""
    codes = texts.view(np.dtype('u4').newbyteorder(texts.dtype.byteorder))
    if codes.size and codes.max() > 0x10ffff:
        raise TableError(f'{where}: it holds numbers that are no characters. Write the table again.')
    return texts


def _look(file: Path, kinds: str = 'fU') -> tuple[tuple[int, ...], np.dtype, int]:
    """Shape, type and place of an array that is whole."""
    if not file.is_file():
        raise TableError(f'{file}: no such file; the table is not whole. Write it again.')
    with open(file, 'rb') as opened:
        shape, dtype = read_npy_header(opened, file, kinds)
        offset = opened.tell()
    check_size(file, shape, dtype, file.stat().st_size - offset)
    return shape, dtype, offset
