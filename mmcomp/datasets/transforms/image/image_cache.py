"""Images that were loaded and resized once, kept in files that all workers and ranks share."""
import hashlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.logging import print_log

from mmcomp.errors import ConfigError, fault
from mmcomp.files import atomic_path
from mmcomp.registry import TRANSFORMS

SUFFIX, RESERVED = '.image', 'reserved'


@TRANSFORMS.register_module()
class ImageCache(BaseTransform):
    """The first steps of a pipeline, done once an image; later their result is read from a folder.

    For images that are met again in every epoch. What came first stays and nothing is
    replaced, for in a shuffled epoch every image is as likely as any other. A file that
    changed (size, time of change) or a step with another setting is another entry.
    Workers, ranks and later runs share the entries. The folder may lie in memory
    (``/dev/shm/…``); it is the user's to delete, as a whole.

    Args:
        transforms: Configs of the steps, loading first. They must draw no random numbers, and add beside
            ``img`` (uint8) only what JSON can hold.
        folder: Where the entries lie; made if it is missing.
        max_bytes: The entries together are never larger, whoever writes them. An image of 384 x 384
            takes 442 kB.

    Raises:
        ConfigError: If there is no step, a step is random, adds something else, or ``max_bytes`` is negative.
    """

    def __init__(self, transforms: Sequence[dict], folder: str | os.PathLike, max_bytes: int):
        self.steps = [TRANSFORMS.build(cfg) for cfg in transforms]
        random = [type(step).__name__ for step in self.steps if getattr(step, '_methods_with_randomness', None)]
        if random or not self.steps:
            raise ConfigError(fault('ImageCache', 'transforms', 'steps without random numbers', random or transforms,
                                    'Put random steps after the cache.'))
        if max_bytes < 0:
            raise ConfigError(fault('ImageCache', 'max_bytes', 'at least 0', max_bytes, 'Correct the config.'))
        self.folder, self.max_bytes, self._full = Path(folder), int(max_bytes), False
        self._settings = json.dumps([cv2.__version__, list(transforms)], sort_keys=True, default=str)

    def transform(self, results: dict) -> dict | None:
        file = os.stat(results['img_path'])
        key = f'{os.path.abspath(results["img_path"])}\n{file.st_size}\n{file.st_mtime_ns}\n{self._settings}'
        path = self.folder / (hashlib.blake2b(key.encode(), digest_size=16).hexdigest() + SUFFIX)
        if added := read_entry(path):
            results.update(added)
            return results
        before = dict(results)
        for step in self.steps:
            results = step(results)
            if results is None:
                return None
        if not self._full:
            self._keep(path, {k: v for k, v in results.items() if k not in before or before[k] is not v})
        return results

    def _keep(self, path: Path, added: dict) -> None:
        try:
            entry = entry_bytes(added)
        except (TypeError, KeyError) as error:
            raise ConfigError(fault('ImageCache', 'transforms', 'steps that add a uint8 `img` and what JSON can hold',
                                    sorted(added), 'Put the other steps after the cache.')) from error
        try:
            self._full = not self._reserve(len(entry))
            if not self._full:
                with atomic_path(path) as temporary:
                    temporary.write_bytes(entry)
        except OSError as error:
            self._full = True
            print_log(f'ImageCache: {self.folder} takes no more images ({error.strerror}).', 'current', logging.WARNING)

    def _reserve(self, size: int) -> bool:
        """Count ``size`` bytes in, for all processes together, if they fit."""
        import fcntl  # Unix has it; the rest of the package runs without.
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / RESERVED, 'a+') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            total = int(file.read() or 0) + size
            if total > self.max_bytes:
                return False
            file.truncate(0)
            file.write(str(total))
        return True


def entry_bytes(added: dict) -> bytes:
    """What steps added to a sample: a line of JSON, then the pixels of ``img``."""
    image = added['img']
    if image.dtype != np.uint8:
        raise TypeError(image.dtype)
    head = {key: value for key, value in added.items() if key != 'img'}
    return json.dumps([image.shape, head]).encode() + b'\n' + image.tobytes()


def read_entry(path: Path) -> dict | None:
    """What :func:`entry_bytes` was made from; sequences are tuples. None if there is no whole entry."""
    try:
        data = np.fromfile(path, np.uint8)
        head = data[:4096].tobytes().partition(b'\n')[0]
        shape, added = json.loads(head)
        image = data[len(head) + 1:].reshape(shape)
    except (OSError, ValueError):
        return None
    return dict({k: tuple(v) if isinstance(v, list) else v for k, v in added.items()}, img=image)
