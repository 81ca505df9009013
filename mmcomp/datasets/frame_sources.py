"""Where the frames of videos are: features in a zip, images in a zip a video, images in a folder a video.

Each source tells which ids it lacks (``missing``) and reads one (``read``);
images are read when they are taken, so frames that nobody looks at cost nothing.
"""
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mmcomp.datasets.zip_members import ZipMembers
from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.image_files import EXTENSIONS


class FeatureZip:
    """``<id>.npy`` members, ``(n, D)`` floats, a row a frame.

    Args:
        paths: One archive or several.
        width: D; by default that of the first sample read.
    """

    def __init__(self, paths: Sequence[str | os.PathLike], width: int | None = None):
        self.members, self.width = ZipMembers(paths), width
        self.where = ', '.join(map(str, paths))

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Ids without a member."""
        return [name[:-4] for name in self.members.missing(f'{name}.npy' for name in ids)]

    def read(self, sample_id: str) -> np.ndarray:
        """Features ``(n, D)`` in the type they are stored in.

        Raises:
            DataError: If there is no such member, it is no array ``(n, D)``, or not finite.
        """
        where = f'{self.where}, {sample_id}.npy'
        try:
            features = np.load(io.BytesIO(self.members.read(f'{sample_id}.npy')), allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise DataError(f'{where}: no numpy array ({error}). Extract the features again.') from error
        if features.ndim == 2 and self.width is None:
            self.width = features.shape[1]
        if features.ndim != 2 or features.dtype.kind != 'f' or features.shape[1] != self.width:
            raise DataError(fault(where, 'features', f'floats (n, {self.width or "D"})',
                                  (features.dtype.name, features.shape), 'Extract all of them with one encoder.'))
        # Half precision overflows in a sum.
        if not np.isfinite(features).all():
            raise DataError(f'{where}: {(~np.isfinite(features)).any(axis=1).sum()} of {len(features)} frames are not '
                            'finite. Extract them again, in float32 if half precision overflows.')
        return features

    def nothing(self) -> np.ndarray:
        """What stands for a video without frames."""
        return np.empty((0, self.width or 0), np.float16)


class EncodedFrames:
    """The images of a video in the order of their names, read when taken."""

    def __init__(self, names: Sequence[str], read):
        self.names, self._read = sorted(names), read

    def __len__(self) -> int:
        return len(self.names)

    def take(self, indices: Sequence[int]) -> 'EncodedFrames':
        """Some of them."""
        return EncodedFrames([self.names[index] for index in indices], self._read)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return ((name, self._read(name)) for name in self.names)


class FrameZips:
    """``<root>/<last characters of the id>/<id>.zip`` of images each.

    Args:
        root: The folder of a split.
        shard_digits: How many characters name the folder between; 0 for none.
    """

    def __init__(self, root: str | os.PathLike, shard_digits: int = 3):
        self.root, self.shard_digits = Path(root), shard_digits
        _check_root(self.root)

    def path(self, sample_id: str) -> Path:
        """The archive of a video."""
        shard = [sample_id[-self.shard_digits:]] if self.shard_digits else []
        return Path(self.root, *shard, f'{sample_id}.zip')

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Ids without an archive; each folder is listed once."""
        listed: dict[Path, set[str]] = {}
        lacking = []
        for name in ids:
            path = self.path(name)
            if path.parent not in listed:
                listed[path.parent] = set(os.listdir(path.parent)) if path.parent.is_dir() else set()
            if path.name not in listed[path.parent]:
                lacking.append(name)
        return lacking

    def read(self, sample_id: str) -> EncodedFrames:
        """Its images.

        Raises:
            DataError: If the archive is missing or damaged.
        """
        members = ZipMembers([self.path(sample_id)])
        return EncodedFrames(_images(name.decode() for name in members.names), members.read)

    def nothing(self) -> EncodedFrames:
        """What stands for a video without frames."""
        return EncodedFrames([], None)


class FrameFolders:
    """``<root>/<id>/`` with images.

    Args:
        root: The folder of folders.
    """

    def __init__(self, root: str | os.PathLike):
        self.root = Path(root)
        _check_root(self.root)

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Ids without a folder."""
        there = set(os.listdir(self.root))
        return [name for name in ids if name not in there]

    def read(self, sample_id: str) -> EncodedFrames:
        """Its images.

        Raises:
            DataError: If the folder is missing.
        """
        folder = self.root / sample_id
        try:
            names = _images(os.listdir(folder))
        except (FileNotFoundError, NotADirectoryError):
            raise DataError(f'{folder}: no such folder of frames. Check `frame_folder`.') from None
        return EncodedFrames(names, lambda name: (folder / name).read_bytes())

    def nothing(self) -> EncodedFrames:
        """What stands for a video without frames."""
        return EncodedFrames([], None)


def frame_source(feature_zip: Sequence[str] | None = None, frame_zips: str | None = None,
                 frame_folder: str | None = None, shard_digits: int = 3,
                 width: int | None = None) -> FeatureZip | FrameZips | FrameFolders | None:
    """The source that is given, or None.

    Raises:
        ConfigError: If several are.
    """
    given = [source for source in (feature_zip, frame_zips, frame_folder) if source]
    if len(given) > 1:
        raise ConfigError(fault('frames', 'feature_zip, frame_zips, frame_folder', 'given one at a time', given,
                                'Choose one.'))
    if feature_zip:
        return FeatureZip(feature_zip, width)
    if frame_zips:
        return FrameZips(frame_zips, shard_digits)
    return FrameFolders(frame_folder) if frame_folder else None


def _images(names) -> list[str]:
    return [name for name in names if name.lower().endswith(EXTENSIONS)]


def _check_root(root: Path) -> None:
    if not root.is_dir():
        raise DataError(f'{root}: no such folder of frames. Check the path.')
