"""See what a config's pipeline makes of the images."""
import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import mmcv
import numpy as np
import torch
from mmengine.config import Config

from mmcomp.apis.building import build
from mmcomp.errors import ConfigError, fault
from mmcomp.registry import DATASETS

MODES = ('transformed', 'original', 'concat')
CAPTION_LENGTH = 28


def dataset_of(cfg: Config, split: str) -> object:
    """The data set that ``<split>_dataloader`` of a config names."""
    loader = cfg.get(f'{split}_dataloader')
    if not loader:
        have = [key for key in cfg if key.endswith('_dataloader') and cfg[key]]
        raise ConfigError(fault(cfg.filename, f'{split}_dataloader', 'given', None, f'The config has {have}.'))
    return build(loader.dataset, DATASETS)


def browse(cfg: Config, split: str = 'train', number: int = 32, seed: int = 0,
           mode: str = 'transformed') -> Iterator[tuple[np.ndarray, str]]:
    """Pictures of randomly chosen samples and their captions.

    Mixing of whole batches (mixup, cutmix) happens in the model and is not shown.

    Args:
        cfg: A whole config.
        split: ``train``, ``val`` or ``test``.
        number: How many samples, at most all.
        seed: Chooses the samples and the augmentation.
        mode: ``transformed``, ``original``, or ``concat`` for both side by side.

    Yields:
        RGB images ``(H, W, 3)`` uint8 with ``label``, class name and id. A sample
        with several views gives a picture of them in a row.
    """
    if mode not in MODES or number < 1:
        raise ConfigError(fault('browse', 'mode, number', f'one of {MODES} and at least 1', (mode, number),
                                'Correct them.'))
    dataset = dataset_of(cfg, split)
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(dataset), min(number, len(dataset)), replace=False))
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    names = (getattr(dataset, 'metainfo', None) or {}).get('classes')
    for index in map(int, chosen):
        info = dataset.get_data_info(index)
        pictures = []
        if mode != 'transformed':
            pictures.append(_original(info))
        if mode != 'original':
            pictures += _views(dataset[index]['inputs'])
        yield side_by_side(pictures), caption(info, index, names)


def _original(info: dict) -> np.ndarray:
    """The untouched image of a sample, RGB."""
    if 'img' in info:
        return _as_rgb(np.asarray(info['img']))
    return _as_rgb(mmcv.imread(info['img_path']))


def _views(inputs: torch.Tensor | list) -> list[np.ndarray]:
    """What the pipeline packed, ``(C, H, W)`` or a list of those, as RGB images."""
    views = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    return [_as_rgb(view.permute(1, 2, 0).numpy()) for view in views]


def _as_rgb(image: np.ndarray) -> np.ndarray:
    """BGR, as pipelines hold images, or grey, to RGB bytes."""
    if image.dtype != np.uint8:
        low, high = float(image.min()), float(image.max())
        # Values outside the byte range were normalized; stretch them to be seen.
        image = image if low >= 0 and 1.5 < high <= 255 else (image - low) / max(high - low, 1e-6) * 255
        image = image.astype(np.uint8)
    if image.ndim == 2 or image.shape[2] == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    return np.ascontiguousarray(image[..., 2::-1])


def side_by_side(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures in a row, as high as the last of them."""
    height = pictures[-1].shape[0]
    scaled = [p if p.shape[0] == height else
              cv2.resize(p, (max(1, round(p.shape[1] * height / p.shape[0])), height), interpolation=cv2.INTER_AREA)
              for p in pictures]
    return np.concatenate(scaled, axis=1)


def caption(info: dict, index: int, names: tuple[str, ...] | None) -> str:
    """Label and class name over the sample's id; long ones are cut in front."""
    label = info.get('gt_label')
    single = names is not None and isinstance(label, int | np.integer) and 0 <= label < len(names)
    first = 'no label' if label is None else f'{label} {names[label]}' if single else str(label)
    sample = str(info.get('sample_id') or Path(info.get('img_path', str(index))).name)
    return '\n'.join(text if len(text) <= CAPTION_LENGTH else f'…{text[-CAPTION_LENGTH + 1:]}'
                     for text in (first, sample))
