"""The data of a prediction run: what is predicted, and in which batches."""
import copy
import os
from collections.abc import Callable

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dist import get_rank, get_world_size
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset

from mmcomp.apis.building import build
from mmcomp.apis.config import is_id_list
from mmcomp.datasets import ShardedBatchSampler, TabularTextDataset, VideoTextDataset
from mmcomp.errors import ConfigError
from mmcomp.registry import DATASETS


def prediction_dataset(cfg: Config, folder: str | None = None, ann: str | None = None, image_root: str | None = None,
                       tta: bool = False) -> Dataset:
    """The data set to predict, see :func:`dataset_config`."""
    return build(dataset_config(cfg, folder, ann, image_root, tta), DATASETS)


def dataset_config(cfg: Config, folder: str | None = None, ann: str | None = None, image_root: str | None = None,
                   tta: bool = False) -> dict:
    """What to predict: the config's data set, a folder or a list."""
    wanted = cfg.test_dataloader.dataset
    pipeline = cfg.tta_pipeline if tta else wanted.get('pipeline')
    if folder and ann:
        raise ConfigError('prediction: `folder` and `ann` must not be given together. Choose one.')
    if tta and not pipeline:
        raise ConfigError(f'{cfg.filename}: `tta_pipeline` must be given for test-time augmentation of a '
                          f'{wanted.type}. Add it to the config.')
    kind = DATASETS.get(wanted.type)
    texts = isinstance(kind, type) and issubclass(kind, TabularTextDataset | VideoTextDataset)
    if texts and (folder or image_root):
        raise ConfigError(f'prediction: `folder` and `image_root` must not be given with a {wanted.type}. Use `ann`.')
    if texts and ann:
        kept = {k: v for k, v in wanted.items() if k not in ('id_list', 'indices', 'rows', 'soft_targets')}
        which = 'id_list' if is_id_list(wanted, ann) else 'ann_file'
        new = dict(kept, **{which: os.path.abspath(ann)}, require_targets=False)
    elif folder:
        new = dict(type='ImageFolderDataset', image_root=os.path.abspath(folder), with_label=False)
    elif ann:
        with open(ann, encoding='utf-8') as file:
            first = next((line.split() for line in file if line.strip()), [''])
        shared = ('data_root', 'image_root', 'image_roots', 'classes', 'num_classes')
        kept = {k: wanted[k] for k in shared if k in wanted}
        new = dict(kept, type='ImageListDataset', ann_file=os.path.abspath(ann), with_label=first[-1].isdigit())
        if image_root:
            new['image_root'] = os.path.abspath(image_root)
    else:
        new = dict(wanted)
    if pipeline:
        new['pipeline'] = pipeline
    return dict(new, test_mode=True)


def prediction_loader(cfg: Config, dataset: Dataset, rows: np.ndarray, collate: Callable | None = None) -> DataLoader:
    """A loader over this rank's batches of the rows still to do.

    Samples of a data set with ``lengths`` come from the longest to the shortest.

    Args:
        cfg: Its ``test_dataloader`` says the rest.
        dataset: From :func:`prediction_dataset`.
        rows: Positions in it, ``(n,)``.
        collate: Makes a batch of samples, where the config has no ``collate_fn`` of its own.
    """
    wanted = copy.deepcopy(cfg.test_dataloader.to_dict())
    batch_size = wanted.pop('batch_size', 1)
    for key in ('sampler', 'drop_last', 'num_batch_per_epoch', 'shuffle'):
        wanted.pop(key, None)
    wanted['persistent_workers'] = False
    wanted['pin_memory'] = torch.cuda.is_available() and wanted.get('pin_memory', True)
    if collate:
        wanted.setdefault('collate_fn', collate)
    lengths = getattr(dataset, 'lengths', None)
    if lengths is not None:
        rows = rows[np.argsort(-lengths[rows], kind='stable')]
    batches = ShardedBatchSampler(rows, batch_size, get_rank(), get_world_size())
    return Runner.build_dataloader(dict(wanted, dataset=dataset, sampler=None, batch_sampler=batches))
