"""From a trained checkpoint to a prediction table, or to one image's class."""
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.device import get_device
from mmengine.dist import barrier, broadcast_object_list, get_rank
from mmpretrain.models.heads import MultiLabelClsHead
from rich.progress import track
from torch import nn

from mmcomp import __version__
from mmcomp.apis.building import build, load_model, prediction_config
from mmcomp.apis.config import load_config
from mmcomp.apis.lost_processes import explained_losses
from mmcomp.apis.prediction_data import dataset_config, prediction_dataset, prediction_loader
from mmcomp.apis.prediction_vocabulary import rebuild_vocabulary
from mmcomp.apis.vocabulary_check import refuse_larger_vocabulary
from mmcomp.datasets import sample_ids
from mmcomp.datasets.collating import collate_inputs
from mmcomp.errors import ConfigError, TableError, fault, shorten
from mmcomp.models.heads.logit_adjustment import set_logit_adjustment
from mmcomp.models.scoring import batch_scores, needs_only_inputs
from mmcomp.models.shared_parts import share_parts
from mmcomp.predictions.formats import parts
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.registry import TRANSFORMS
from mmcomp.structures import PredictionTable

DTYPES = {'float32': np.float32, 'float16': np.float16}
# What of a text data set comes before its pipeline.
TEXT_KEYS = ('tokenizer', 'text_col', 'joiner', 'max_length', 'truncation', 'head_ratio', 'text_transforms',
             'text_keys', 'sort_timed', 'drop_repeats', 'no_frames')


def predict_table(cfg: Config, checkpoint: str, out: str, **how) -> PredictionTable:
    """Predict a data set with one checkpoint into a table file; see :func:`predict_tables`."""
    return predict_tables(cfg, [checkpoint], [out], **how)[0]


def predict_tables(cfg: Config, checkpoints: Sequence[str], outs: Sequence[str], *, folder: str | None = None,
                   ann: str | None = None, image_root: str | None = None, tta: bool = False,
                   logit_adjustment_tau: float = 0., amp: bool = False, dtype: str = 'float32',
                   batch_size: int | None = None, device: str | None = None,
                   others: Sequence[tuple[Config, str]] = ()) -> list[PredictionTable]:
    """Predict a data set with each checkpoint, each sample exactly once over all ranks, into table files.

    With ``vocabulary = dict(rebuild=True)`` in the config, words are those of
    what is predicted; see :func:`mmcomp.apis.prediction_vocabulary.rebuild_vocabulary`.

    A sample is read and prepared once for all checkpoints. A data set with
    ``lengths`` is predicted from the longest sample to the shortest, so that
    little is padding; tables are in the data set's order.

    Ranks write part files beside ``outs`` as they go; a killed run called again
    goes on where it stopped. Rank 0 joins the parts at the end. Call it on
    every rank of an initialised process group, or alone.

    Args:
        cfg: A whole config; its ``test_dataloader`` says what to predict.
        checkpoints: The weights of each model; all of them stay in memory.
        outs: The table to write for each, ``.pkl`` or ``.table``; those of ``others`` follow.
        folder: Predict the images of this folder instead.
        ann: Predict this annotation list (of a text data set: this table) instead, labelled or not.
        image_root: With ``ann``: the folder its paths start from, when it is
            not that of the config's data set.
        tta: Test-time augmentation by ``tta_pipeline`` and ``tta_model``, or
            horizontal flip where the config has none.
        logit_adjustment_tau: Subtract so many log priors of the training labels.
        amp: Half precision (bfloat16 on CPU).
        dtype: ``float32`` or ``float16`` scores in the files.
        batch_size: Samples a batch and rank, by default the config's.
        device: By default the GPU of this rank, or the CPU.
        others: Checkpoints of models of other configs that read the same data, and these configs. What their
            models have alike, such as a frozen tower for frames, is computed once.

    Returns:
        The tables; on ranks other than 0 they are read from ``outs``.
    """
    cfg = prediction_config(cfg)
    members = [*((cfg, checkpoint) for checkpoint in checkpoints),
               *((prediction_config(other), checkpoint) for other, checkpoint in others)]
    _check_outs(members, outs, dtype, tta)
    if batch_size:
        cfg.test_dataloader.batch_size = batch_size
    if (cfg.get('vocabulary') or {}).get('rebuild'):
        rebuild_vocabulary([config for config, _ in members], dataset_config(cfg, folder, ann, image_root, tta))
    device = device or get_device()
    models, metas = zip(*(load_model(config, checkpoint, device, tta) for config, checkpoint in members))
    share_parts(models)
    for model in {id(config): model for (config, _), model in zip(members, models)}.values():
        refuse_larger_vocabulary(model, cfg, 'test_dataloader')
    for model in models if logit_adjustment_tau else ():
        set_logit_adjustment(model, logit_adjustment_tau)
    dataset = prediction_dataset(cfg, folder, ann, image_root, tta)
    ids = sample_ids(dataset)
    how = dict(tta=tta, logit_adjustment_tau=logit_adjustment_tau, amp=amp, dtype=dtype)
    outputs = [_Output(out, checkpoint, ids,
                       dict(config=Path(config.filename or '').name, config_sha=_digest(config), **how))
               for out, (config, checkpoint) in zip(outs, members)]
    rows = np.flatnonzero(~np.logical_and.reduce([output.done for output in outputs]))
    loader = prediction_loader(cfg, dataset, rows, collate_inputs if all(map(needs_only_inputs, models)) else None)
    autocast = torch.autocast(torch.device(device).type, torch.bfloat16 if 'cpu' in device else torch.float16, amp)
    with explained_losses('test_dataloader', lambda: _kept(outputs)):
        with torch.inference_mode(), autocast:
            for data, batch in zip(_shown(loader), loader.batch_sampler.batches):
                for output, scores in zip(outputs, batch_scores(models, data)):
                    output.add(np.asarray(batch), scores.cpu().numpy())
        for output in outputs:
            output.writer.flush()
        barrier()
        if get_rank() == 0:
            for output, model, meta in zip(outputs, models, metas):
                output.finish(dataset, meta, _kind(model), told=Path(output.out).name if len(outputs) > 1 else '')
        barrier()
    return [read_table(out) for out in outs]


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


def _digest(cfg: Config) -> str:
    """What of a config decides scores, in 16 letters."""
    dataset = cfg.test_dataloader.dataset
    said = (cfg.model, cfg.get('data_preprocessor'), dataset.get('pipeline'), cfg.tta_pipeline, cfg.tta_model,
            [dataset[key] for key in TEXT_KEYS if key in dataset])
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _kind(model: nn.Module) -> str:
    """What kind of scores a classifier, or one under test-time augmentation, gives."""
    head = getattr(getattr(model, 'module', model), 'head', None)
    # One probability a task; they do not sum to one.
    return 'value' if isinstance(head, MultiLabelClsHead) else 'probability'


def _shown(loader):
    """A progress bar on rank 0."""
    return track(loader, description='predict', total=len(loader)) if get_rank() == 0 else loader


def _kept(outputs: Sequence['_Output']) -> str:
    """What a run that lost a worker leaves, and how to go on."""
    for output in outputs:
        output.writer.flush()
    folders = shorten(str(output.parts_at) for output in outputs)
    return f'then call the same command again: what is predicted is kept in {folders}, and it goes on from there.'


def _check_outs(members: Sequence[tuple[Config, str]], outs: Sequence[str], dtype: str, tta: bool) -> None:
    if dtype not in DTYPES or any(Path(out).suffix not in ('.pkl', '.table') for out in outs):
        raise TableError(fault('prediction', 'out, dtype', f'a `.pkl` or `.table` and one of {tuple(DTYPES)}',
                               (*outs, dtype), 'Correct them.'))
    if len(outs) != len(members) or len({os.path.abspath(out) for out in outs}) < len(outs):
        raise TableError(fault('prediction', 'out', f'{len(members)} different tables, one a checkpoint',
                               shorten(list(outs)), 'Name as many tables as checkpoints.'))
    read = [(config.test_dataloader.dataset, config.tta_pipeline if tta else None) for config, _ in members]
    for (config, _), found in zip(members, read):
        if found != read[0]:
            raise ConfigError(fault('prediction', 'others', 'configs that test on the same data in the same way',
                                    Path(config.filename or '').name, 'Predict it in a run of its own.'))


class _Output:
    """The table of one checkpoint: its parts while prediction goes, the whole at the end.

    Args:
        out: The table to write.
        checkpoint: Whose it is.
        ids: All samples, ``(N,)``.
        how: What decides its scores beside them.
    """

    def __init__(self, out: str, checkpoint: str, ids: list[str], how: dict):
        self.out, self.ids, self.how = out, ids, dict(how, checkpoint=Path(checkpoint).name)
        self.parts_at = parts.parts_folder(out)
        self.done = np.zeros(len(ids), dtype=bool)
        file = os.stat(checkpoint)
        manifest = dict(self.how, ids=parts.ids_digest(ids), weights=[file.st_size, file.st_mtime_ns])
        self.done[self._start(manifest)] = True
        self.writer = parts.PartWriter(self.parts_at)

    def _start(self, manifest: dict) -> np.ndarray:
        """Open the parts on rank 0; every rank learns which rows are done."""
        message = [None]
        if get_rank() == 0:
            differences = parts.open_parts(self.parts_at, manifest)
            message = [parts.done_rows(self.parts_at)]
            if differences:
                print(f'{self.parts_at}: parts of another run ({differences} differ) were thrown away')
            elif len(message[0]):
                print(f'{self.parts_at}: going on, {len(message[0])} samples are done')
        broadcast_object_list(message)
        return message[0]

    def add(self, rows: np.ndarray, scores: np.ndarray) -> None:
        """Take scores ``(B, C)`` of rows that other outputs may want alone."""
        wanted = ~self.done[rows]
        if wanted.any():
            self.writer.add(rows[wanted], scores[wanted].astype(DTYPES[self.how['dtype']]))

    def finish(self, dataset, meta: dict, kind: str, told: str = '') -> None:
        """Join the parts, score them where there are labels, write the table."""
        classes = dataset.metainfo.get('classes') or (meta.get('dataset_meta') or {}).get('classes')
        scores = parts.join_parts(self.parts_at, len(self.ids))
        if classes is not None and len(classes) != scores.shape[1]:
            raise TableError(fault(self.out, 'classes', f'{scores.shape[1]} names, as the model has outputs',
                                   len(classes), 'Use the class list the model was trained with.'))
        origin = dict(self.how, mmcomp=__version__)
        table = PredictionTable(self.ids, scores, kind, classes, origin).check()
        if len(self.ids) and 'gt_label' in dataset.get_data_info(0):
            known = getattr(dataset, 'get_gt_labels', None)
            labels = known() if known else [dataset.get_data_info(i)['gt_label'] for i in range(len(self.ids))]
            right = table.labels() == np.asarray(labels)
            table = replace(table, origin=dict(origin, val_score=float(right.mean())))
            print(f'{told}{": " if told else ""}accuracy/top1: {100 * right.mean():.4f}')
        write_table(table, self.out)
        parts.remove_parts(self.parts_at)
