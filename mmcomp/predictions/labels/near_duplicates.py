"""Images that look alike, by perceptual hashes: groups that must not be parted by a split.

The hash of an image is that of its low frequencies: 32 x 32 grey values, their
cosine transform, and one bit for each of the 64 lowest frequencies but the mean
that tells whether it is above their median (pHash). Scaling, compression and light
changes flip few bits; the distance of two images is the number of bits that differ.
"""
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mmcomp.errors import DataError, shorten
from mmcomp.predictions.progress import silent

EDGE, LOW = 32, 8
BLOCK_BYTES = 1 << 25


def perceptual_hash(grey: np.ndarray) -> np.uint64:
    """64 bits of an image of grey values, ``(H, W)`` uint8."""
    import cv2
    small = cv2.resize(grey, (EDGE, EDGE), interpolation=cv2.INTER_AREA).astype(np.float32)
    # The mean of an image says nothing of its content: a ninth column takes its place.
    low = cv2.dct(small)[:LOW, :LOW + 1].ravel()[1:LOW * LOW + 1]
    return np.packbits(low > np.median(low)).view(np.uint64)[0]


def hash_files(paths: Sequence[str], threads: int = 4, track: Callable = silent) -> np.ndarray:
    """Hashes of image files, ``(N,)`` uint64.

    Raises:
        DataError: If files are missing or can't be decoded.
    """
    import cv2

    def one(path: str) -> np.uint64 | None:
        try:
            with open(path, 'rb') as file:
                content = np.frombuffer(file.read(), np.uint8)
        except OSError:
            return None
        image = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE) if len(content) else None
        return None if image is None else perceptual_hash(image)

    with ThreadPoolExecutor(threads) as pool:
        found = list(track(pool.map(one, paths), 'hashing images'))
    if bad := [path for path, value in zip(paths, found, strict=True) if value is None]:
        raise DataError(f'{len(bad)} images can\'t be read: {shorten(bad)}. Check the folder of the paths, or '
                        'take them out of the list.')
    return np.array(found, dtype=np.uint64)


def close_pairs(hashes: np.ndarray, distance: int, track: Callable = silent) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows whose hashes differ in at most ``distance`` bits: rows ``(P, 2)``, the lower first, and distances.

    All pairs are looked at, a block of rows at a time, so memory stays small.
    """
    step = max(1, BLOCK_BYTES // (8 * max(1, len(hashes))))
    pairs, bits = [np.empty((0, 2), dtype=np.int64)], [np.empty(0, dtype=np.uint8)]
    for start in track(range(0, len(hashes), step), 'comparing'):
        apart = np.bitwise_count(hashes[start:start + step, None] ^ hashes[None, start:])
        rows, columns = np.nonzero(apart <= distance)
        later = columns > rows
        pairs.append(np.stack([rows[later], columns[later]], axis=1) + start)
        bits.append(apart[rows[later], columns[later]])
    return np.concatenate(pairs), np.concatenate(bits)


def groups_of(hashes: np.ndarray, distance: int, track: Callable = silent) -> np.ndarray:
    """The group of each row, ``(N,)``, numbered as they come: rows joined by a chain of close pairs are one."""
    unique, first, at = np.unique(hashes, return_index=True, return_inverse=True)
    parent = np.arange(len(unique))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in close_pairs(unique, distance, track)[0]:
        low, high = sorted((root(one), root(other)), key=lambda node: first[node])
        parent[high] = low
    roots = np.array([root(node) for node in range(len(unique))], dtype=np.int64)[at]
    names, place = np.unique(first[roots], return_inverse=True)
    return place
