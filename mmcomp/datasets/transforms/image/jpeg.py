"""What a JPEG file says of its size before it is decoded."""
from collections.abc import Sequence

import cv2

# Start-of-frame markers; C4, C8 and CC mean other things.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
REDUCED = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """``(width, height)`` as stored, before any turn that EXIF asks for; None if it is no JPEG file."""
    at = 2
    if bytes(data[:2]) != b'\xff\xd8':
        return None
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in FRAMES:
            height, width = (int(data[at + i]) << 8 | int(data[at + i + 1]) for i in (5, 7))
            return (width, height) if width and height else None
        # A marker may be preceded by any number of FF; the others carry their length.
        at += 1 if marker == 0xFF else 2 + (int(data[at + 2]) << 8 | int(data[at + 3]))
    return None


def reduction(size: Sequence[int], least: Sequence[int]) -> int:
    """The most of 1, 2, 4 and 8 that a stored size can be divided by and still cover ``least``.

    EXIF may ask for a turn, so the short side has to cover both sides of ``least``.
    """
    return next((by for by in (8, 4, 2) if min(size) // by >= max(least)), 1)
