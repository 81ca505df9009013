"""What an ONNX file says of itself, so that it can be used without mmcomp."""
import hashlib
import json
import os
from pathlib import Path

import torch
from mmengine.config import Config
from mmpretrain.models import ClsDataPreprocessor
from torch.utils.data import Dataset

from mmcomp import __version__
from mmcomp.apis.prediction import TEXT_KEYS

from .feeds import parted
from .parts import Part, Scores


def file_metadata(cfg: Config, checkpoint: str | os.PathLike, meta: dict, dataset: Dataset, part: Part,
                  feed: dict[str, torch.Tensor], preprocessor: torch.nn.Module, normalized: bool) -> dict[str, str]:
    """Texts by name; those that are no single word are JSON.

    Args:
        cfg: What the model was built from.
        checkpoint: Its weights.
        meta: The checkpoint's own.
        dataset: Knows the classes where the checkpoint does not.
        part: What is exported.
        feed: Its inputs.
        preprocessor: Normalises its images.
        normalized: Whether images come normalised.
    """
    with open(checkpoint, 'rb') as file:
        digest = hashlib.file_digest(file, 'sha256').hexdigest()
    said = dict(mmcomp=__version__, part=type(part).__name__.lower(), config=Path(cfg.filename or '').name,
                checkpoint=Path(checkpoint).name, checkpoint_sha256=digest)
    if isinstance(part, Scores):
        classes = (meta.get('dataset_meta') or {}).get('classes') or getattr(dataset, 'metainfo', {}).get('classes')
        said.update(classes=list(classes or ()), scores='softmax' if part.ranked else 'sigmoid')
    images = {name: tensor for name, tensor in feed.items() if parted(name)[1] == 'image'}
    if images:
        said['image'] = image_facts(next(iter(images.values())), preprocessor, normalized)
    wanted = cfg.test_dataloader.dataset
    if len(images) < len(feed):
        said['text'] = {key: wanted[key] for key in TEXT_KEYS if key in wanted}
    said['pipeline'] = list(wanted.get('pipeline') or ())
    return {key: value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
            for key, value in said.items()}


def image_facts(images: torch.Tensor, preprocessor: torch.nn.Module, normalized: bool) -> dict:
    """Size, order of channels, range of values and normalization of an input of images.

    ``normalization`` tells whether the graph does it (``inside``) or who calls it (``outside``); mean and deviation
    are of values from 0 to 255, in the order of channels of the model.
    """
    rgb = not isinstance(preprocessor, ClsDataPreprocessor) or normalized and preprocessor.to_rgb
    numbers = {name: getattr(preprocessor, name).flatten().tolist() for name in ('mean', 'std')
               if getattr(preprocessor, name, None) is not None}
    swaps = isinstance(preprocessor, ClsDataPreprocessor) and preprocessor.to_rgb and not normalized
    return dict(size=list(images.shape[-2:]), channels=('RGB' if rgb else 'BGR') if images.shape[-3] == 3 else 'gray',
                dtype=str(images.dtype).removeprefix('torch.'), normalization='outside' if normalized else 'inside',
                swapped_to_rgb_inside=bool(swaps), **numbers)
