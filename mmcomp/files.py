"""Files that are whole or absent."""
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


def _permissions() -> int:
    """The mode an ordinary ``open`` would give a new file."""
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def sync_folder(folder: Path) -> None:
    """Make a rename inside ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; move it there at the end.

    The file appears under its own name only when the block ends well, and is
    flushed to disk before. If the block raises, nothing is left behind and an
    older file of that name stays as it was.
    """
    path = Path(path)
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f'.{path.name}.', suffix=f'.tmp{path.suffix}')
        os.close(handle)
    temporary = Path(name)
    try:
        with _named(path):
            yield temporary
            os.chmod(temporary, _permissions())
            with open(temporary, 'rb+') as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Faults of the system name the file that was to be written, not a temporary one or none, as a full disk does."""
    try:
        yield
    except OSError as error:
        full = error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        if full or Path(os.fsdecode(error.filename or b'')).name.startswith(f'.{path.name}.'):
            error.filename, error.filename2 = str(path), None
        raise


@contextmanager
def atomic_open(path: str | os.PathLike, mode: str = 'w', **kwargs: Any) -> Iterator[IO]:
    """``open`` for writing through :func:`atomic_path`; text is UTF-8."""
    if 'b' not in mode:
        kwargs.setdefault('encoding', 'utf-8')
    with atomic_path(path) as temporary, open(temporary, mode, **kwargs) as file:
        yield file


@contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; move it there at the end.

    As :func:`atomic_path`, for a folder of files. A kill in the moment between
    two renames can leave an older folder of that name under ``.NAME.….old``.
    """
    path = Path(path)
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f'.{path.name}.', suffix='.tmp'))
    old = temporary.with_suffix('.old')
    try:
        with _named(path):
            yield temporary
        for file in filter(Path.is_file, temporary.rglob('*')):
            with open(file, 'rb+') as opened:
                os.fsync(opened.fileno())
        os.chmod(temporary, _permissions() | (_permissions() & 0o444) >> 2)
        sync_folder(temporary)
        if path.exists():
            os.rename(path, old)
        os.rename(temporary, path)
        sync_folder(path.parent)
    finally:
        if old.exists() and not path.exists():
            os.rename(old, path)
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_json(path: str | os.PathLike, value: object) -> None:
    """Write ``value`` as indented JSON, whole or not at all."""
    with atomic_open(path) as file:
        json.dump(value, file, indent=2, ensure_ascii=False)
        file.write('\n')
