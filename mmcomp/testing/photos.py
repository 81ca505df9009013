"""Made-up photographs: as smooth and as rough as real ones, so that they decode and compress alike."""
from pathlib import Path

import cv2
import numpy as np

# Width and height of what the web has; the first two are the most frequent.
SIZES = ((500, 375), (375, 500), (500, 375), (640, 480), (800, 600), (1024, 768))


def photo(width: int, height: int, seed: int) -> np.ndarray:
    """``(height, width, 3)`` uint8: noise on every scale, the finer the fainter, as in natural images."""
    rng, image, cells = np.random.default_rng(seed), np.full((height, width, 3), 110, np.float32), 4
    while cells < min(width, height):
        shape = (cells * height // max(width, height) + 2, cells * width // max(width, height) + 2, 3)
        coarse = rng.normal(size=shape).astype(np.float32)
        image += 60 * (4 / cells)**.8 * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        cells *= 2
    return np.clip(image, 0, 255).astype(np.uint8)


def write_photos(folder: str | Path, count: int, quality: int = 88) -> list[str]:
    """JPEG files of :data:`SIZES` by turns; their paths."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = [str(Path(folder) / f'{i:03}.jpg') for i in range(count)]
    for i, path in enumerate(paths):
        cv2.imwrite(path, photo(*SIZES[i % len(SIZES)], seed=i), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return paths
