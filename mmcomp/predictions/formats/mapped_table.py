"""Tables that are mapped into memory: a folder ``NAME.table``.

===============  ==========================================================
``table.json``   format, version, kind, classes, origin, and the shape and
                 type of the scores; written last
``ids.npy``      ``(N,)`` texts
``scores.npy``   ``(N, C)`` float16, float32 or float64, row by row
===============  ==========================================================

A folder and not one file, since ``numpy.load('x.table/scores.npy',
mmap_mode='r')`` then opens the scores without mmcomp, in every tool that takes
an array, and nothing of it can run code. Ids are an array since they may hold
any character. The folder is written under another name and renamed when it is
whole.
"""
import json
import os
from pathlib import Path

import numpy as np

from mmcomp.errors import TableError, fault
from mmcomp.files import atomic_folder, write_json
from mmcomp.predictions.formats.npy_files import check_size, read_npy_header, write_npy_header
from mmcomp.predictions.formats.table_stream import TableStream, assemble
from mmcomp.structures.prediction_table import PredictionTable

FORMAT, VERSION = 'mmcomp.table', 1
MANIFEST, IDS, SCORES = 'table.json', 'ids.npy', 'scores.npy'
MAX_MANIFEST = 256 << 20


def write_mapped(stream: TableStream, path: str | os.PathLike) -> None:
    """Write a table block by block, whole or not at all.

    Raises:
        TableError: If ``path`` is there and is no such table.
    """
    path, head = Path(path), stream.head
    if path.exists() and not (path / MANIFEST).is_file():
        raise TableError(f'{path}: it is there and is no table. Give another name; nothing was overwritten.')
    dtype = head.scores.dtype
    with atomic_folder(path) as folder:
        np.save(folder / IDS, head.ids, allow_pickle=False)
        with open(folder / SCORES, 'wb') as file:
            write_npy_header(file, head.scores.shape, dtype)
            for block in stream.blocks():
                file.write(np.ascontiguousarray(block, dtype=dtype).data)
        write_manifest(folder, head)


def write_manifest(folder: Path, head: PredictionTable) -> None:
    """What a table is, beside its arrays."""
    origin = {k: v for k, v in head.origin.items() if k != 'file'}
    try:
        write_json(folder / MANIFEST, dict(
            format=FORMAT, version=VERSION, kind=head.kind, shape=list(head.scores.shape),
            dtype=head.scores.dtype.name, classes=list(head.classes) if head.classes else None, origin=origin))
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
    shape, dtype, offset = _look(folder / SCORES)
    if manifest.get('shape') != list(shape) or manifest.get('dtype') != dtype.name:
        raise TableError(fault(folder / SCORES, 'scores', f'{manifest.get("shape")} {manifest.get("dtype")} as the '
                               'manifest says', f'{shape} {dtype}', 'Write the table again.'))
    if len(shape) != 2 or 0 in shape:
        scores = np.empty(shape, dtype)
    else:
        scores = np.memmap(folder / SCORES, dtype, mode, offset, shape)
    id_shape, id_dtype, id_offset = _look(folder / IDS)
    if id_dtype.kind != 'U' or len(id_shape) != 1 or len(id_shape) != 1 or id_shape[0] != shape[0]:
        raise TableError(fault(folder / IDS, 'ids', f'{shape[0]} texts', f'{id_shape} {id_dtype}',
                               'Write the table again.'))
    with open(folder / IDS, 'rb') as file:
        file.seek(id_offset)
        ids = np.frombuffer(file.read(), id_dtype) if id_dtype.itemsize else np.zeros(id_shape, '<U1')
    return assemble(path, valid_texts(folder / IDS, ids), scores, manifest.get('kind'), manifest.get('classes'),
                    manifest.get('origin'))


def valid_texts(where: object, texts: np.ndarray) -> np.ndarray:
    """Refuse numbers that are no characters."""
    codes = texts.view(np.dtype('u4').newbyteorder(texts.dtype.byteorder))
    if codes.size and codes.max() > 0x10ffff:
        raise TableError(f'{where}: it holds numbers that are no characters. Write the table again.')
    return texts


def _look(file: Path) -> tuple[tuple[int, ...], np.dtype, int]:
    """Shape, type and place of an array that is whole."""
    if not file.is_file():
        raise TableError(f'{file}: no such file; the table is not whole. Write it again.')
    with open(file, 'rb') as opened:
        shape, dtype = read_npy_header(opened, file)
        offset = opened.tell()
    check_size(file, shape, dtype, file.stat().st_size - offset)
    return shape, dtype, offset
