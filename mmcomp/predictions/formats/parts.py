"""Part files of a prediction run: written as it goes, joined at the end.

Each rank writes its own small files, whole or not at all, so a killed run
loses at most what was not flushed and goes on where it stopped, on any number
of ranks. Nothing is gathered in one process's memory but the final table.
"""
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.files import atomic_open, write_json


def ids_digest(ids: Sequence[str]) -> str:
    """A hash of sample ids and their order."""
    return hashlib.sha256('\n'.join(ids).encode()).hexdigest()[:16]


def parts_folder(out: str | Path) -> Path:
    """Where the parts of an output file live until it is whole."""
    return Path(f'{out}.parts')


def open_parts(folder: Path, manifest: dict) -> str | None:
    """Prepare the folder for a run described by ``manifest`` (JSON values).

    Parts of the same manifest stay, to be gone on with. Parts of another run
    are thrown away. Call it in one process only, before the others write.

    Returns:
        Which manifest keys differed, if old parts were thrown away.
    """
    manifest = json.loads(json.dumps(manifest))
    file, differences = folder / 'manifest.json', None
    if folder.exists():
        try:
            old = json.loads(file.read_text())
        except (OSError, ValueError):
            old = {}
        changed = sorted(k for k in manifest.keys() | old.keys() if manifest.get(k) != old.get(k))
        if not changed:
            return None
        differences = shorten(changed)
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    write_json(file, manifest)
    return differences


class PartWriter:
    """Collects rows and scores and flushes them to a part file now and then.

    Args:
        folder: The parts folder.
        max_bytes: Flush when the collected scores reach it.
        max_seconds: Flush when the oldest unwritten rows are this old.
    """

    def __init__(self, folder: Path, max_bytes: int = 32 << 20, max_seconds: float = 30.):
        self.folder, self.max_bytes, self.max_seconds = folder, max_bytes, max_seconds
        self._waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self._since = time.monotonic()

    def add(self, rows: np.ndarray, scores: np.ndarray) -> None:
        """Take the scores ``(B, C)`` of data set positions ``(B,)``."""
        self._waiting.append((np.asarray(rows), np.asarray(scores)))
        full = sum(scores.nbytes for _, scores in self._waiting) >= self.max_bytes
        if full or time.monotonic() - self._since > self.max_seconds:
            self.flush()

    def flush(self) -> None:
        """Write what was collected as one part file; what an error interrupts is not written a second time."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            rows, scores = zip(*waiting, strict=True)
            with atomic_open(self.folder / f'part-{uuid.uuid4().hex}.npz', 'wb') as file:
                np.savez(file, rows=np.concatenate(rows), scores=np.concatenate(scores))
        self._since = time.monotonic()


def _read_parts(folder: Path, key: str):
    for file in sorted(folder.glob('part-*.npz')):
        try:
            with np.load(file, allow_pickle=False) as part:
                yield file, part['rows'], part[key]
        except Exception as error:  # a damaged archive can raise anything
            raise TableError(f'{file}: not a whole part file ({error}). Delete it and predict again.') from error


def done_rows(folder: Path) -> np.ndarray:
    """Positions that whole part files hold already, sorted."""
    found = [rows for _, _, rows in _read_parts(folder, 'rows')]
    return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)


def join_parts(folder: Path, count: int) -> np.ndarray:
    """Scores ``(count, C)`` of all parts, in data set order.

    Raises:
        TableError: If a position is missing or occurs twice.
    """
    seen = np.bincount(done_rows(folder), minlength=count)
    if len(seen) != count or (seen != 1).any():
        wrong = np.flatnonzero(seen != 1)
        raise TableError(fault(folder, 'rows', f'each of 0…{count - 1} exactly once', shorten(wrong),
                               'Delete the folder and predict again.'))
    scores = None
    for _, rows, values in _read_parts(folder, 'scores'):
        if scores is None:
            scores = np.empty((count, values.shape[1]), values.dtype)
        scores[rows] = values
    return scores


def remove_parts(folder: Path) -> None:
    """Delete the parts, once the whole table is written."""
    shutil.rmtree(folder)
