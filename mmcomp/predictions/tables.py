"""Prediction table files: ours, those of other tools, and the older forms people hold.

Ours is a ``.pkl`` of one plain dict of numpy arrays and builtins, so that
``pickle.load`` opens it where mmcomp is not installed::

    {'format': 'mmcomp.table', 'version': 1, 'ids': (N,) str, 'scores': (N, C)
     float32 or float16, 'kind': 'probability', 'classes': [str, ...] or None,
     'origin': {...}}

Beside it stand ``.table``, a folder that is mapped into memory
(:mod:`mmcomp.predictions.formats.mapped_table`), and ``.npz``, ``.csv`` and
``.parquet``. The suffix says which to write; reading also looks at the content.
"""
import os
import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mmcomp.errors import TableError, did_you_mean, fault, shorten
from mmcomp.files import atomic_open
from mmcomp.predictions.formats.csv_table import kind_of, read_csv, write_csv
from mmcomp.predictions.formats.mapped_table import open_mapped, write_mapped, write_top
from mmcomp.predictions.formats.npz_table import read_npz, write_npz
from mmcomp.predictions.formats.parquet_table import read_parquet, write_parquet
from mmcomp.predictions.formats.safe_pickle import load_pickle
from mmcomp.predictions.formats.table_stream import TableStream, assemble, stream_of
from mmcomp.predictions.formats.top_scores import TopScores
from mmcomp.structures.prediction_table import PredictionTable

FORMAT, VERSION = 'mmcomp.table', 1
SUFFIXES = ('.pkl', '.table', '.npz', '.csv', '.parquet')
MAGIC = {b'PK': 'npz', b'PAR1': 'parquet'}


def form_of(path: str | os.PathLike) -> str:
    """``mapped``, ``npz``, ``csv``, ``parquet`` or ``pickle``, by suffix, then by content.

    Raises:
        TableError: If there is nothing at ``path``.
    """
    path = Path(path)
    if path.is_dir():
        return 'mapped'
    if not path.is_file():
        raise TableError(f'{path}: no such file. Check the path.{did_you_mean(path.name, _beside(path))}')
    if path.suffix in ('.npz', '.csv', '.parquet'):
        return path.suffix[1:]
    with open(path, 'rb') as file:
        start = file.read(4)
    return next((form for magic, form in MAGIC.items() if start.startswith(magic)), 'pickle')


def write_table(table: PredictionTable | TableStream, path: str | os.PathLike) -> None:
    """Write a table in the form that the suffix names, whole or not at all.

    All but ``.pkl`` are written block by block, so a stream needs little memory.

    Raises:
        TableError: If the suffix is none of :data:`SUFFIXES`.
    """
    writers = dict(zip(SUFFIXES, (_write_pickle, write_mapped, write_npz, write_csv, write_parquet), strict=True))
    suffix = Path(path).suffix
    if suffix not in writers:
        raise TableError(fault(path, 'suffix', f'one of {", ".join(SUFFIXES)}', suffix, 'Rename the output.'))
    if suffix != '.table' and Path(path).is_dir():
        raise TableError(f'{path}: it is a folder. Give another name; nothing was overwritten.')
    stream = stream_of(table)
    if suffix == '.table' and isinstance(stream.head.scores, TopScores):
        write_top(stream, path, stream.head.scores.top, stream.head.scores.rest)
    else:
        writers[suffix](stream if suffix != '.pkl' else table, path)


def read_table(path: str | os.PathLike) -> PredictionTable:
    """Read a table of any form that is known here.

    Besides our own: ``.npz``, ``.csv``, ``.parquet``; the list of dicts with
    ``filename`` and ``scores``, the list of ``(filename, class, scores)`` and
    the dict ``{filename: scores}`` of the published fine-grained system, and
    the list that mmpretrain's ``tools/test.py --out`` writes. Only numbers are
    unpickled; see :mod:`mmcomp.predictions.formats.safe_pickle`. The scores of a
    ``.table`` are mapped, and change in memory only.

    Raises:
        TableError: If the file is missing, torn, unsafe or of no known form.
    """
    form = form_of(path)
    if form == 'mapped':
        table = open_mapped(path, mode='c')
        return replace(table, scores=np.asarray(table.scores)) if isinstance(table.scores, TopScores) else table
    if form != 'pickle':
        return dict(npz=read_npz, csv=read_csv, parquet=read_parquet)[form](path)
    content = load_pickle(path)
    if isinstance(content, dict) and is_ours(content):
        return from_content(content, path)
    rows = _legacy_rows(content)
    if not rows:
        raise TableError(
            f'{path}: no prediction table of a known form (it holds a {type(content).__name__}). '
            'Known are mmcomp tables, lists of dicts or tuples with scores, and dicts of scores.')
    return _from_rows(rows, path)


def is_ours(content: dict) -> bool:
    """Whether an unpickled dict says that it is a table of ours."""
    return isinstance(content.get('format'), str) and content['format'] == FORMAT


def from_content(content: dict, path: str | os.PathLike) -> PredictionTable:
    """The table in the dict of a ``.pkl``."""
    version = content.get('version')
    if not isinstance(version, int) or version > VERSION:
        raise TableError(fault(path, 'version', f'at most {VERSION}', version, 'Upgrade mmcomp.'))
    missing = {'ids', 'scores', 'kind'} - content.keys()
    if missing:
        raise TableError(f'{path}: the table lacks {shorten(sorted(missing))}. Write it again.')
    return assemble(path, *(content.get(k) for k in ('ids', 'scores', 'kind', 'classes', 'origin')))


def _write_pickle(table: PredictionTable | TableStream, path: str | os.PathLike) -> None:
    table = table.gather() if isinstance(table, TableStream) else table
    origin = {k: v for k, v in table.origin.items() if k != 'file'}
    content = dict(format=FORMAT, version=VERSION, ids=table.ids, scores=np.ascontiguousarray(table.scores),
                   kind=table.kind, classes=list(table.classes) if table.classes else None, origin=origin)
    with atomic_open(path, 'wb') as file:
        pickle.dump(content, file, protocol=5)


def _beside(path: Path) -> list[str]:
    found = path.parent.iterdir() if path.parent.is_dir() else ()
    return [p.name for p in found if p.suffix in SUFFIXES]


def _legacy_rows(content: object) -> list[tuple[str, object, object]]:
    """``(id, scores, class name or None)`` of every row of an old form, or nothing."""
    if isinstance(content, dict):
        return [(k, v, None) for k, v in content.items() if isinstance(k, str) and np.ndim(v) == 1]
    if not isinstance(content, (list, tuple)) or not content:
        return []
    if all(isinstance(row, (list, tuple)) and len(row) == 3 for row in content):
        return [(name, scores, label) for name, label, scores in content]
    if all(isinstance(row, dict) and {'filename', 'scores'} <= row.keys() for row in content):
        return [(row['filename'], row['scores'], row.get('pred_class')) for row in content]
    if all(isinstance(row, dict) and {'img_path', 'pred_score'} <= row.keys() for row in content):
        return [(row['img_path'], row['pred_score'], None) for row in content]
    return []


def _from_rows(rows: list, path: str | os.PathLike) -> PredictionTable:
    wrong = [name for name, _, _ in rows if not isinstance(name, str)]
    if wrong:
        raise TableError(fault(path, 'ids', 'strings', shorten(wrong, 3), 'Write them as text.'))
    vectors = [_vector(scores, name, path) for name, scores, _ in rows]
    widths = {len(scores) for scores in vectors}
    if len(widths) > 1:
        raise TableError(fault(path, 'scores', 'of one length in all rows', sorted(widths),
                               'The file mixes models with different class lists; split it.'))
    first = {}
    for at, (name, _, _) in enumerate(rows):
        if not np.array_equal(vectors[first.setdefault(name, at)], vectors[at], equal_nan=True):
            raise TableError(fault(path, 'ids', 'unique', name, 'It has two different rows; keep the right one.'))
    # Padded distributed samplers left equal duplicates in old files; the first of each is kept.
    keep = list(first.values())
    _refuse_repeats(vectors, path)
    scores = np.stack([vectors[at].astype(np.float32, copy=False) for at in keep])
    return assemble(path, list(first), scores, kind_of(scores), _padded_classes(scores, [rows[at][2] for at in keep]))


def _vector(scores: object, name: str, path: str | os.PathLike) -> np.ndarray:
    """The scores of a row, whether array, tensor or list."""
    try:
        vector = np.asarray(scores)
    except Exception as error:  # a hostile file can hold anything
        raise TableError(f'{path}: the scores of {name} are no numbers ({error}). Write the table again.') from error
    if vector.ndim != 1 or vector.dtype.kind not in 'fiu':
        raise TableError(fault(path, 'scores', 'a vector of numbers', f'{vector.shape} {vector.dtype} of {name}',
                               'Write the table again.'))
    return vector


def _refuse_repeats(vectors: list[np.ndarray], path: str | os.PathLike) -> None:
    """A pickle can name one array a million times; the table of that would not fit into memory."""
    size, found = 4 * len(vectors) * len(vectors[0]), os.path.getsize(path)
    if size > 64 * found + (1 << 26):
        raise TableError(fault(path, 'size', f'at most 64 times that of the file ({found} bytes)', size,
                               'It repeats its rows; write the table again.'))


def _padded_classes(scores: np.ndarray, names: list) -> list[str] | None:
    """Class names of files that name the top class only: ``0042`` means column 42."""
    widths = {len(n) for n in names if isinstance(n, str)}
    if None in names or len(widths) != 1:
        return None
    width = widths.pop()
    padded = [f'{i:0{width}d}' for i in range(scores.shape[1])]
    same = all(padded[top] == name for top, name in zip(scores.argmax(axis=1), names))
    return padded if same else None


def table_files(out: str | os.PathLike | None, checkpoints: Sequence[str | os.PathLike]) -> list[str]:
    """Where the table of each checkpoint goes: ``out``, or with several in this folder by the checkpoint's name, if
    need be with its folder's; without ``out`` beside the checkpoint."""
    paths = [Path(checkpoint) for checkpoint in checkpoints]
    if out is None:
        return [str(path.with_suffix('.pkl')) for path in paths]
    if len(paths) == 1:
        return [str(out)]
    Path(out).mkdir(parents=True, exist_ok=True)
    names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        names = [f'{path.absolute().parent.name}-{path.stem}' for path in paths]
    return [str(Path(out, f'{name}.pkl')) for name in names]
