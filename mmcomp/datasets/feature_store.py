"""Writing features of videos: a zip of ``<id>.npy`` members, made in parts that survive a kill.

What decides the features (weights, preprocessing, type) is a manifest, kept as
the archive's comment, so that it can't be parted from them.
"""
import io
import json
import os
import time
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmcomp.errors import DataError, fault, shorten
from mmcomp.files import atomic_path

DATE = (1980, 1, 1, 0, 0, 0)


def write_features(archive: zipfile.ZipFile, sample_id: str, features: np.ndarray) -> None:
    """Add ``<id>.npy`` to an archive, uncompressed, with a fixed date, so that equal features are equal files."""
    buffer = io.BytesIO()
    np.save(buffer, features, allow_pickle=False)
    _add(archive, f'{sample_id}.npy', buffer.getvalue())


def read_manifest(path: str | os.PathLike) -> dict | None:
    """What a store says of its features; None if it says nothing, as one that others made.

    Raises:
        DataError: If it is no zip archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            said = json.loads(archive.comment)
    except zipfile.BadZipFile as error:
        raise DataError(f'{path}: not a whole zip archive ({error}). Delete it.') from error
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def stored_ids(paths: Sequence[str | os.PathLike]) -> list[str]:
    """Ids of all members of some archives, in their order."""
    found = []
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            found += [name.removesuffix('.npy') for name in archive.namelist()]
    return found


def part_files(folder: Path) -> list[Path]:
    """Whole parts of a folder."""
    return sorted(folder.glob('part-*.zip'))


class FeaturePartWriter:
    """Collects features and writes them as a part now and then.

    Args:
        folder: Where parts go.
        max_bytes: Write when so much is collected.
        max_seconds: Write when the oldest is this old.
    """

    def __init__(self, folder: Path, max_bytes: int = 64 << 20, max_seconds: float = 60.):
        self.folder, self.max_bytes, self.max_seconds = folder, max_bytes, max_seconds
        self._waiting: list[tuple[str, np.ndarray]] = []
        self._since = time.monotonic()

    def add(self, sample_id: str, features: np.ndarray) -> None:
        """Take the features ``(n, D)`` of a video."""
        self._waiting.append((sample_id, features))
        full = sum(features.nbytes for _, features in self._waiting) >= self.max_bytes
        if full or time.monotonic() - self._since > self.max_seconds:
            self.flush()

    def flush(self) -> None:
        """Write what was collected as one part, whole or not at all; after an error it is not written a second time."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            with atomic_path(self.folder / f'part-{uuid.uuid4().hex}.zip') as temporary:
                with zipfile.ZipFile(temporary, 'w') as archive:
                    for sample_id, features in waiting:
                        write_features(archive, sample_id, features)
        self._since = time.monotonic()


def join_parts(out: str | os.PathLike, parts: Sequence[Path], ids: Sequence[str], manifest: dict) -> int:
    """Write a store of all parts, wanted ids first and in their order; members are copied as they are.

    Args:
        out: The store; it may be among the parts.
        parts: Archives.
        ids: Which must be there.
        manifest: What the store says of itself.

    Returns:
        The number of videos.

    Raises:
        DataError: If an id is missing or comes twice.
    """
    part_of: dict[str, int] = {}
    for number, path in enumerate(parts):
        for name in stored_ids([path]):
            if name in part_of:
                raise DataError(fault(out, 'ids', 'in one part each', name, 'Delete the folder of parts, start again.'))
            part_of[name] = number
    missing = [name for name in ids if name not in part_of]
    if missing:
        raise DataError(f'{out}: features of {len(missing)} of {len(ids)} ids are missing: {shorten(missing)}. '
                        'Run the extraction again.')
    order = [*ids, *sorted(set(part_of).difference(ids))]
    opened = [zipfile.ZipFile(path) for path in parts]
    try:
        with atomic_path(out) as temporary, zipfile.ZipFile(temporary, 'w') as archive:
            for name in order:
                _add(archive, f'{name}.npy', opened[part_of[name]].read(f'{name}.npy'))
            archive.comment = json.dumps(manifest, sort_keys=True).encode()
    finally:
        for part in opened:
            part.close()
    return len(order)


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, DATE)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)
