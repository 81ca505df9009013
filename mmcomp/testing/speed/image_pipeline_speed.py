"""How fast images are loaded and augmented for training: stock, timm and ours beside each other."""
import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader, Dataset

from mmcomp.registry import TRANSFORMS
from mmcomp.testing.speed.measuring import alternated, ratio

STOCK, LIMIT = 'mmpretrain, stock', '(decoding alone)'
TIMM, EXACT, COMPOSED = 'timm', 'ours', 'ours, composed'
CACHED = 'ours, from the cache'
LABEL = 7


class Pipeline:
    """Steps of a config, one after the other, on the path of an image."""

    def __init__(self, configs: Sequence[dict]):
        self.steps = [TRANSFORMS.build(dict(config)) for config in configs]

    def __call__(self, path: str) -> dict:
        results = dict(img_path=path, gt_label=LABEL)
        for step in self.steps:
            results = step(results)
        return results

    def step_seconds(self, paths: Sequence[str]) -> dict[str, float]:
        """CPU seconds an image of each step; always with the same random numbers."""
        np.random.seed(0)
        seconds = dict.fromkeys((type(step).__name__ for step in self.steps), 0.)
        for path in paths:
            results = dict(img_path=path, gt_label=LABEL)
            for step in self.steps:
                start = time.process_time()
                results = step(results)
                seconds[type(step).__name__] += time.process_time() - start
        return {name: value / len(paths) for name, value in seconds.items()}


class TimmPipeline:
    """timm's transform of the same strength. Its loader erases and normalises batches later, which is not counted.

    ``use_prefetcher`` makes uint8 tensors, as ours are. Magnitudes end at 9: at 10 timm posterizes to no bits,
    which Pillow refuses.
    """

    def __init__(self, size: int):
        from timm.data import create_transform
        self.transform = create_transform(size, is_training=True, auto_augment='rand-m9-mstd0.5-mmax9-inc1',
                                          re_prob=.25, re_mode='pixel', interpolation='bilinear', use_prefetcher=True)

    def __call__(self, path: str) -> tuple:
        from PIL import Image
        with Image.open(path) as image:
            return self.transform(image.convert('RGB')), LABEL


def decode(path: str) -> np.ndarray:
    """Nothing but the decoder that stock and ours use."""
    return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)


def make_ways(configs: Path, cache: Path) -> dict[str, Callable]:
    """Every way by its name; each takes a path. Stock is first.

    Args:
        configs: The folder of ``resize_384.py`` and its kin.
        cache: A folder for the cached way.
    """
    def steps(name):
        return Config.fromfile(configs / f'{name}.py').train_pipeline

    exact = steps('resize_384_fast')
    cached = dict(type='ImageCache', transforms=exact[:2], folder=str(cache), max_bytes=2 * 10**9)
    return {STOCK: Pipeline(steps('resize_384')), TIMM: TimmPipeline(384), EXACT: Pipeline(exact),
            COMPOSED: Pipeline(steps('resize_384_composed')), CACHED: Pipeline([cached, *exact[2:]]), LIMIT: decode}


def alternated_cpu(ways: Sequence[Callable], paths: Sequence[str], rounds: int) -> np.ndarray:
    """CPU seconds an image ``(rounds, ways)``; in each round all ways see all images, with the same seed."""
    def timed(way):
        way(paths[0])

        def run(turn: int) -> float:
            random.seed(turn)
            np.random.seed(turn)
            start = time.process_time()
            for path in paths:
                way(path)
            return (time.process_time() - start) / len(paths)
        return run

    return alternated([timed(way) for way in ways], rounds)


class Samples(Dataset):
    """A way over paths, for a loader."""

    def __init__(self, way: Callable, paths: Sequence[str]):
        self.way, self.paths = way, paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int):
        return self.way(self.paths[index])


def loader_seconds(way: Callable, paths: Sequence[str], batch_size: int) -> tuple[float, float]:
    """Seconds of wall clock, and CPU seconds of the worker, an image, through a loader with one worker."""
    from timm.data.loader import fast_collate
    collate = fast_collate if isinstance(way, TimmPipeline) else pseudo_collate
    used, start = _children(), time.perf_counter()
    loader = DataLoader(Samples(way, paths), batch_size, num_workers=1, collate_fn=collate)
    for _ in loader:
        pass
    seconds = time.perf_counter() - start
    del loader
    return seconds / len(paths), (_children() - used) / len(paths)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def speed_rows(names: Sequence[str], seconds: np.ndarray) -> Iterator[list[str]]:
    """Rows of a markdown table: images a second a core and ratios over stock, timm and the limit, round by round."""
    yield ['way', 'ms an image', 'images/s a core', 'over stock', 'over timm', 'of decoding alone']
    stock, timm, limit = (seconds[:, names.index(name)] for name in (STOCK, TIMM, LIMIT))
    for at, name in enumerate(names):
        own = seconds[:, at]
        middle = np.median(own)
        yield [name, f'{1e3 * middle:.2f}', f'{1 / middle:.0f}', *(ratio(peer / own) for peer in (stock, timm, limit))]


def step_rows(stock: Pipeline, ours: Sequence[Pipeline], paths: Sequence[str], rounds: int) -> Iterator[list[str]]:
    """CPU milliseconds of each step: the median of rounds."""
    rounds_of = [[list(way.step_seconds(paths).values()) for way in (stock, *ours)] for _ in range(rounds)]
    medians = 1e3 * np.median(np.array(rounds_of), axis=0)
    yield ['step', 'stock, ms', 'ours, ms', 'composed, ms', 'stock over ours']
    for step, (was, now, composed) in zip(stock.steps, medians.T):
        yield [f'`{type(step).__name__}`', f'{was:.2f}', f'{now:.2f}', f'{composed:.2f}', f'{was / now:.1f}']


def single_thread() -> None:
    """One thread for every library: a worker has no more."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
