"""Image files on disk: listing them, and finding those that training would stumble over.

A *quick* check reads the two ends of every file: it finds missing and empty
files, HTML pages named ``.jpg`` and downloads that broke off, at thousands of
files a second. Only files that look odd are decoded. The *decode* check decodes
everything.
"""
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

EXTENSIONS = ('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp')
MAGIC = (b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n', b'BM', b'GIF8', b'RIFF', b'II*\0', b'MM\0*', b'P5', b'P6', b'P4')
ENDS = {b'\xff\xd8\xff': b'\xff\xd9', b'\x89PNG\r\n\x1a\n': b'IEND\xaeB`\x82'}
MODES = ('quick', 'decode', 'off')


def list_images(root: str | os.PathLike) -> list[str]:
    """Paths of all images under a folder, relative to it, sorted."""
    root, found = Path(root), []
    for folder, _, names in os.walk(root, followlinks=True):
        inside = Path(folder).relative_to(root)
        found += [(inside / name).as_posix() for name in names if name.lower().endswith(EXTENSIONS)]
    return sorted(found)


def image_fault(path: str | os.PathLike, mode: str = 'quick') -> str | None:
    """Why an image can't be used, or None if it can."""
    try:
        with open(path, 'rb') as file:
            head = file.read(16)
            file.seek(max(os.fstat(file.fileno()).st_size - 16, 0))
            tail = file.read()
    except FileNotFoundError:
        return 'no such file'
    except OSError as error:
        return f'unreadable ({error.strerror})'
    if not head:
        return 'empty file'
    magic = next((m for m in MAGIC if head.startswith(m)), None)
    if mode == 'quick' and magic and tail.endswith(ENDS.get(magic, b'')):
        return None
    return _decode_fault(path)


def _decode_fault(path: str | os.PathLike) -> str | None:
    from PIL import Image
    try:
        with Image.open(path) as image:
            image.load()
    except Exception as error:  # Pillow's readers raise anything on bad bytes
        return f'does not decode ({error})'
    return None


def find_bad_images(paths: Sequence[str | os.PathLike], mode: str = 'quick', threads: int = 8,
                    progress: Callable[[Iterable], Iterable] = iter) -> list[tuple[int, str]]:
    """``(position, reason)`` of every image of ``paths`` that can't be used.

    Args:
        paths: Image files.
        mode: ``quick`` or ``decode``; see the module.
        threads: Readers side by side; both waiting for the disk and decoding let others run.
        progress: Wraps the loop over results, for a progress bar.
    """
    with ThreadPoolExecutor(threads) as pool:
        faults = pool.map(lambda path: image_fault(path, mode), paths)
        return [(at, reason) for at, reason in enumerate(progress(faults)) if reason]
