"""From a trained checkpoint to a prediction table, or to one image's class."""
import copy
import hashlib
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.device import get_device
from mmengine.dist import barrier, broadcast_object_list, get_rank, get_world_size
from mmengine.runner import Runner
from mmpretrain.models.heads import MultiLabelClsHead
from rich.progress import track
from torch import nn

from mmcomp import __version__
from mmcomp.apis.building import build, load_model, prediction_config
from mmcomp.apis.config import load_config
from mmcomp.datasets import ShardedBatchSampler, TabularTextDataset, sample_ids
from mmcomp.errors import ConfigError, TableError, fault
from mmcomp.models.heads.logit_adjustment import set_logit_adjustment
from mmcomp.predictions import parts
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.registry import DATASETS, TRANSFORMS
from mmcomp.structures import PredictionTable

DTYPES = {'float32': np.float32, 'float16': np.float16}
# What of a text data set comes before its pipeline.
TEXT_KEYS = ('tokenizer', 'text_col', 'joiner', 'max_length', 'truncation', 'head_ratio', 'text_transforms')


def predict_table(cfg: Config, checkpoint: str, out: str, *, folder: str | None = None, ann: str | None = None,
                  image_root: str | None = None, tta: bool = False, logit_adjustment_tau: float = 0.,
                  amp: bool = False, dtype: str = 'float32', batch_size: int | None = None,
                  device: str | None = None) -> PredictionTable:
    """Predict a data set, each sample exactly once over all ranks, into a table file.

    A data set with ``lengths`` is predicted from the longest sample to the
    shortest, so that little is padding; the table is in the data set's order.

    Ranks write part files beside ``out`` as they go; a killed run called again
    goes on where it stopped. Rank 0 joins the parts at the end. Call it on
    every rank of an initialised process group, or alone.

    Args:
        cfg: A whole config; its ``test_dataloader`` says what to predict.
        checkpoint: The weights.
        out: The table to write, ``.pkl`` or ``.table``.
        folder: Predict the images of this folder instead.
        ann: Predict this annotation list (of a text data set: this table) instead, labelled or not.
        image_root: With ``ann``: the folder its paths start from, when it is
            not that of the config's data set.
        tta: Test-time augmentation by ``tta_pipeline`` and ``tta_model``, or
            horizontal flip where the config has none.
        logit_adjustment_tau: Subtract so many log priors of the training labels.
        amp: Half precision (bfloat16 on CPU).
        dtype: ``float32`` or ``float16`` scores in the file.
        batch_size: Samples a batch and rank, by default the config's.
        device: By default the GPU of this rank, or the CPU.

    Returns:
        The table; on ranks other than 0 it is read from ``out``.
    """
    if dtype not in DTYPES or Path(out).suffix not in ('.pkl', '.table'):
        raise TableError(fault('prediction', 'out, dtype', f'a `.pkl` or `.table` and one of {tuple(DTYPES)}',
                               (out, dtype), 'Correct them.'))
    cfg = prediction_config(cfg)
    if batch_size:
        cfg.test_dataloader.batch_size = batch_size
    device = device or get_device()
    model, meta = load_model(cfg, checkpoint, device, tta)
    if logit_adjustment_tau:
        set_logit_adjustment(model, logit_adjustment_tau)
    dataset = _dataset(cfg, folder, ann, image_root, tta)
    ids = sample_ids(dataset)
    how = dict(checkpoint=Path(checkpoint).name, config=Path(cfg.filename or '').name, config_sha=_digest(cfg), tta=tta,
               logit_adjustment_tau=logit_adjustment_tau, amp=amp, dtype=dtype)
    parts_at = parts.parts_folder(out)
    done = _start(parts_at, dict(how, ids=parts.ids_digest(ids), weights=_stamp(checkpoint)))
    rows = np.setdiff1d(np.arange(len(ids)), done)
    loader = _loader(cfg, dataset, rows)
    autocast = torch.autocast(torch.device(device).type, torch.bfloat16 if 'cpu' in device else torch.float16, amp)
    with torch.inference_mode(), autocast:
        _predict_rows(model, _shown(loader), loader.batch_sampler.batches, parts.PartWriter(parts_at), DTYPES[dtype])
    barrier()
    if get_rank() == 0:
        _finish(dataset, ids, meta, dict(how, mmcomp=__version__), parts_at, out, _kind(model))
    barrier()
    return read_table(out)


def predict(config: Config | str, checkpoint: str, image: str | np.ndarray | Iterable, device: str = 'cpu',
            tta: bool = False) -> dict | list[dict]:
    """Classify an image, or several.

    Args:
        config: A config or its file.
        checkpoint: The weights.
        image: An image file, a BGR array ``(H, W, 3)`` of uint8, or a list of these.
        device: Where to compute.
        tta: As of :func:`predict_table`.

    Returns:
        A dict, or a list of them: ``pred_label``, ``pred_score``,
        ``pred_class`` (the name, where the checkpoint knows names) and
        ``scores`` ``(C,)``.
    """
    cfg = prediction_config(load_config(config) if isinstance(config, (str, os.PathLike)) else config)
    model, meta = load_model(cfg, checkpoint, device, tta)
    names = (meta.get('dataset_meta') or {}).get('classes')
    pipeline = cfg.tta_pipeline if tta else cfg.test_dataloader.dataset.pipeline
    from_file = Compose([build(t, TRANSFORMS) for t in pipeline])
    from_array = Compose([build(t, TRANSFORMS) for t in pipeline if t['type'] != 'LoadImageFromFile'])

    def classify(item) -> dict:
        array = isinstance(item, np.ndarray)
        info = dict(img=item, img_shape=item.shape[:2], ori_shape=item.shape[:2]) if array else dict(img_path=str(item))
        data = (from_array if array else from_file)(info)
        batch = {k: [[view] for view in v] if isinstance(v, list) else [v] for k, v in data.items()}
        with torch.inference_mode():
            scores = model.test_step(batch)[0].pred_score.float().cpu().numpy()
        label = int(scores.argmax())
        return dict(pred_label=label, pred_score=float(scores[label]),
                    pred_class=names[label] if names else str(label), scores=scores)

    several = isinstance(image, (list, tuple))
    results = [classify(item) for item in (image if several else [image])]
    return results if several else results[0]


def _dataset(cfg: Config, folder: str | None, ann: str | None, image_root: str | None, tta: bool):
    """The data set to predict: the config's, a folder or a list."""
    wanted = cfg.test_dataloader.dataset
    pipeline = cfg.tta_pipeline if tta else wanted.get('pipeline')
    if folder and ann:
        raise ConfigError('prediction: `folder` and `ann` must not be given together. Choose one.')
    if tta and not pipeline:
        raise ConfigError(f'{cfg.filename}: `tta_pipeline` must be given for test-time augmentation of a '
                          f'{wanted.type}. Add it to the config.')
    kind = DATASETS.get(wanted.type)
    texts = isinstance(kind, type) and issubclass(kind, TabularTextDataset)
    if texts and (folder or image_root):
        raise ConfigError(f'prediction: `folder` and `image_root` must not be given with a {wanted.type}. Use `ann`.')
    if texts and ann:
        kept = {k: v for k, v in wanted.items() if k not in ('id_list', 'indices', 'rows', 'soft_targets')}
        new = dict(kept, ann_file=os.path.abspath(ann), require_targets=False)
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
    return build(dict(new, test_mode=True), DATASETS)


def _digest(cfg: Config) -> str:
    """What of a config decides scores, in 16 letters."""
    dataset = cfg.test_dataloader.dataset
    said = (cfg.model, cfg.get('data_preprocessor'), dataset.get('pipeline'), cfg.tta_pipeline, cfg.tta_model,
            [dataset[key] for key in TEXT_KEYS if key in dataset])
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _stamp(checkpoint: str) -> list[int]:
    found = os.stat(checkpoint)
    return [found.st_size, found.st_mtime_ns]


def _start(folder: Path, manifest: dict) -> np.ndarray:
    """Open the parts on rank 0; every rank learns which rows are done."""
    message = [None]
    if get_rank() == 0:
        differences = parts.open_parts(folder, manifest)
        message = [parts.done_rows(folder)]
        if differences:
            print(f'{folder}: parts of another run ({differences} differ) were thrown away')
        elif len(message[0]):
            print(f'{folder}: going on, {len(message[0])} samples are done')
    broadcast_object_list(message)
    return message[0]


def _loader(cfg: Config, dataset, rows: np.ndarray):
    """A loader over this rank's batches of the rows still to do."""
    wanted = copy.deepcopy(cfg.test_dataloader.to_dict())
    batch_size = wanted.pop('batch_size', 1)
    for key in ('sampler', 'drop_last', 'num_batch_per_epoch', 'shuffle'):
        wanted.pop(key, None)
    wanted['persistent_workers'] = False
    wanted['pin_memory'] = torch.cuda.is_available() and wanted.get('pin_memory', True)
    lengths = getattr(dataset, 'lengths', None)
    if lengths is not None:
        rows = rows[np.argsort(-lengths[rows], kind='stable')]
    batches = ShardedBatchSampler(rows, batch_size, get_rank(), get_world_size())
    return Runner.build_dataloader(dict(wanted, dataset=dataset, sampler=None, batch_sampler=batches))


def _kind(model: nn.Module) -> str:
    """What kind of scores a classifier, or one under test-time augmentation, gives."""
    head = getattr(getattr(model, 'module', model), 'head', None)
    # One probability a task; they do not sum to one.
    return 'value' if isinstance(head, MultiLabelClsHead) else 'probability'


def _shown(loader):
    """A progress bar on rank 0."""
    return track(loader, description='predict', total=len(loader)) if get_rank() == 0 else loader


def _predict_rows(model, loader, batches: list[list[int]], writer: parts.PartWriter, dtype) -> None:
    for data, rows in zip(loader, batches):
        samples = model.test_step(data)
        scores = torch.stack([sample.pred_score for sample in samples]).float().cpu().numpy()
        writer.add(np.asarray(rows), scores.astype(dtype))
    writer.flush()


def _finish(dataset, ids: list[str], meta: dict, origin: dict, parts_at: Path, out: str, kind: str) -> None:
    """Join the parts, score them where there are labels, write the table."""
    classes = dataset.metainfo.get('classes') or (meta.get('dataset_meta') or {}).get('classes')
    scores = parts.join_parts(parts_at, len(ids))
    if classes is not None and len(classes) != scores.shape[1]:
        raise TableError(fault(out, 'classes', f'{scores.shape[1]} names, as the model has outputs', len(classes),
                               'Use the class list the model was trained with.'))
    table = PredictionTable(ids, scores, kind, classes, origin).check()
    if len(ids) and 'gt_label' in dataset.get_data_info(0):
        known = getattr(dataset, 'get_gt_labels', None)
        labels = known() if known else [dataset.get_data_info(i)['gt_label'] for i in range(len(ids))]
        right = table.labels() == np.asarray(labels)
        table = replace(table, origin=dict(origin, val_score=float(right.mean())))
        print(f'accuracy/top1: {100 * right.mean():.4f}')
    write_table(table, out)
    parts.remove_parts(parts_at)
