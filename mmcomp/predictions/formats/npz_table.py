"""Tables as ``.npz``: arrays ``scores``, ``ids``, ``classes``, and the texts ``kind`` and ``origin`` (JSON).

Of other people's archives the only array of two dimensions is the scores, and
``ids`` or the only array of that many texts is the ids.
"""
import json
import os
import zipfile
from contextlib import contextmanager

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.files import atomic_path
from mmcomp.predictions.formats.mapped_table import valid_texts
from mmcomp.predictions.formats.npy_files import check_size, read_npy_header, write_npy_header
from mmcomp.predictions.formats.table_stream import TableStream, assemble
from mmcomp.structures.prediction_table import PredictionTable

# Above a gigabyte a table that shrank a hundredfold is more likely a bomb than a table.
ALWAYS, RATIO = 1 << 30, 100
KIND_OF = {'logits': 'logit', 'embeddings': 'embedding', 'probs': 'probability', 'probabilities': 'probability'}


def write_npz(stream: TableStream, path: str | os.PathLike) -> None:
    """Write a table block by block, not compressed, whole or not at all."""
    head = stream.head
    origin = {k: v for k, v in head.origin.items() if k != 'file'}
    texts = dict(ids=head.ids, kind=np.array(head.kind), origin=np.array(json.dumps(origin, default=str)))
    if head.classes:
        texts['classes'] = np.array(head.classes)
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, 'w', allowZip64=True) as archive:
        with archive.open('scores.npy', 'w', force_zip64=True) as file:
            write_npy_header(file, head.scores.shape, head.scores.dtype)
            for block in stream.blocks():
                file.write(np.ascontiguousarray(block, dtype=head.scores.dtype).data)
        for name, value in texts.items():
            with archive.open(f'{name}.npy', 'w', force_zip64=True) as file:
                np.lib.format.write_array(file, value, allow_pickle=False)


def read_npz(path: str | os.PathLike) -> PredictionTable:
    """Read a table; memory is bounded by what the file can really hold.

    Raises:
        TableError: If the archive is torn, holds objects or claims more than
            it can hold, or no array of it can be the scores.
    """
    with _opened(path) as archive:
        entries = {i.filename.removesuffix('.npy'): i for i in archive.infolist() if i.filename.endswith('.npy')}
        shapes = {name: _shape(archive, entry, path) for name, entry in entries.items()}
        scores = _only(path, 'scores', [n for n, (s, d) in shapes.items() if len(s) == 2 and d.kind == 'f'], shapes)
        rows, columns = shapes[scores][0]
        texts = [n for n, (s, d) in shapes.items() if s == (rows, ) and d.kind == 'U' and n != 'classes']
        ids = _only(path, 'ids', texts, shapes)
        _refuse_bomb(path, [entries[n] for n in shapes])
        classes = _array(archive, entries['classes'], path) if 'classes' in entries else None
        kind = _text(archive, entries, 'kind', path) or KIND_OF.get(scores, 'value')
        origin = _json(path, _text(archive, entries, 'origin', path) or '{}')
        return assemble(path, _array(archive, entries[ids], path), _array(archive, entries[scores], path), kind,
                        classes, origin)


def npz_header(path: str | os.PathLike) -> dict:
    """Origin, classes, kind and shape, without the scores."""
    with _opened(path) as archive:
        entries = {i.filename.removesuffix('.npy'): i for i in archive.infolist() if i.filename.endswith('.npy')}
        if not {'scores', 'kind'} <= entries.keys():
            return {'origin': {}}
        classes = _array(archive, entries['classes'], path).tolist() if 'classes' in entries else None
        return dict(origin=_json(path, _text(archive, entries, 'origin', path) or '{}'), classes=classes,
                    kind=_text(archive, entries, 'kind', path), shape=_shape(archive, entries['scores'], path)[0])


@contextmanager
def _opened(path: str | os.PathLike):
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except TableError:
        raise
    except Exception as error:  # a damaged archive can raise anything
        raise TableError(f'{path}: not a whole .npz archive ({type(error).__name__}: {error}). Write it again.') \
            from error


def _only(path: object, name: str, found: list[str], shapes: dict) -> str:
    """``name`` where it is one of those found, else the only one of them."""
    if name in found or len(found) == 1:
        return name if name in found else found[0]
    law = 'one array (N, C) of floats' if name == 'scores' else 'one array (N,) of texts'
    said = shorten(f'{n} {s} {d}' for n, (s, d) in shapes.items())
    raise TableError(fault(path, name, law, said, f'Name it `{name}`.'))


def _shape(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: object) -> tuple[tuple[int, ...], np.dtype]:
    where = f'{path}: {entry.filename}'
    with archive.open(entry) as file:
        shape, dtype = read_npy_header(file, where)
        check_size(where, shape, dtype, entry.file_size - file.tell())
    return shape, dtype


def _refuse_bomb(path: object, entries: list[zipfile.ZipInfo]) -> None:
    size, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    if size > max(ALWAYS, RATIO * packed):
        raise TableError(fault(path, 'size', f'at most {ALWAYS >> 30} GiB, or {RATIO} times that of the file',
                               f'{size} bytes in {packed}',
                               'If you trust its author, load it with numpy and save it with `numpy.savez`.'))


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: object) -> np.ndarray:
    """An array whose claimed size is that of the archive's own list."""
    with archive.open(entry) as file:
        shape, dtype = read_npy_header(file, f'{path}: {entry.filename}')
        if not dtype.itemsize or 0 in shape:
            return np.zeros(shape, dtype.str.replace('U0', 'U1'))
        array = np.empty(shape, dtype)
        view, at = memoryview(array.reshape(-1).view(np.uint8)), 0
        while count := file.readinto(view[at:at + (1 << 20)]):
            at += count
        if at != len(view) or file.read(1):
            raise TableError(f'{path}: {entry.filename} is not whole. Write it again.')
    return valid_texts(f'{path}: {entry.filename}', array.reshape(-1)).reshape(shape) if dtype.kind == 'U' else array


def _text(archive: zipfile.ZipFile, entries: dict, name: str, path: object) -> str | None:
    if name not in entries:
        return None
    value = _array(archive, entries[name], path)
    if value.ndim or value.dtype.kind != 'U':
        raise TableError(fault(path, name, 'a text', f'{value.shape} {value.dtype}', 'Write the table again.'))
    return str(value)


def _json(path: object, text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TableError(f'{path}: its origin is no JSON ({error}). Write the table again.') from error
