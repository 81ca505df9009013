"""A storage backend whose files are whole or absent."""
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from mmcomp.files import atomic_path


class AtomicBackend(LocalBackend):
    """The local disk, written through a temporary file, fsync and rename.

    Stock ``LocalBackend`` opens the file under its own name, so a kill while it
    writes leaves a torn checkpoint there.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        folder = Path(filepath).parent
        if not folder.is_dir():
            # Made anew it could end up below the mount point of a drive that went away.
            raise FileNotFoundError(2, 'The folder is gone', str(folder))
        with atomic_path(filepath) as temporary:
            temporary.write_bytes(obj)


register_backend('atomic', AtomicBackend)
