"""Features of the frames of many videos, by any image model, into one store."""
import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import barrier, broadcast_object_list, get_rank
from mmengine.logging import MMLogger
from rich.progress import track
from torch import nn

from mmcomp.apis.building import build, fill_model, untrained_model
from mmcomp.apis.lost_processes import explained_losses
from mmcomp.apis.prediction_data import prediction_loader
from mmcomp.checkpoints.loading import load_checkpoint, renamed, state_dict_of
from mmcomp.checkpoints.mmengine_loader import use_safe_loading
from mmcomp.datasets import VideoTextDataset
from mmcomp.datasets.feature_store import FeaturePartWriter, join_parts, part_files, read_manifest, stored_ids
from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.predictions.formats.parts import open_parts, parts_folder
from mmcomp.registry import DATASETS, MODELS
from mmcomp.structures import TokenSequence

DTYPES = {'float32': np.float32, 'float16': np.float16}
PRECISIONS = {'float32': None, 'float16': torch.float16, 'bfloat16': torch.bfloat16}


def extract_features(cfg: Config, out: str, *, checkpoint: str | None = None, ann: str | Sequence[str] | None = None,
                     frame_zips: str | None = None, frame_folder: str | None = None, dtype: str = 'float16',
                     precision: str | None = None, frames_a_pass: int = 256, batch_size: int | None = None,
                     device: str | None = None) -> int:
    """Encode the frames of every video of a data set, each exactly once over all ranks, into a zip of ``<id>.npy``.

    Ranks write parts beside ``out`` as they go; a killed run called again goes
    on where it stopped, on any number of ranks. A store that is there is
    added to if it was made in the same way, and refused otherwise.

    Args:
        cfg: ``model`` is a backbone or a classifier, ``data_preprocessor`` a
            ``ModalityDataPreprocessor`` (its normalization counts), and
            ``test_dataloader`` a data set of videos whose pipeline ends with
            ``PackModalities``.
        out: The store to write.
        checkpoint: Weights; without it those that the model loads by itself.
        ann: Annotations instead of the config's.
        frame_zips: Folder of frame zips instead of the config's.
        frame_folder: Or a folder of folders.
        dtype: Of the stored features, ``float16`` or ``float32``.
        precision: Of the computation; by default float16 on a GPU.
        frames_a_pass: Most frames in one pass of the model.
        batch_size: Videos a batch and rank, by default the config's.
        device: By default the GPU of this rank, or the CPU.

    Returns:
        The number of videos in the store.

    Raises:
        ConfigError: If a setting is unknown.
        DataError: If frames are missing, a feature does not fit ``dtype``, or
            the store that is there was made in another way.
    """
    device = device or get_device()
    precision = precision or ('float32' if 'cpu' in device else 'float16')
    if dtype not in DTYPES or precision not in PRECISIONS:
        raise ConfigError(fault('extract_features', 'dtype, precision', f'one of {tuple(DTYPES)}, {tuple(PRECISIONS)}',
                                (dtype, precision), 'Correct them.'))
    if batch_size:
        cfg.test_dataloader.batch_size = batch_size
    preprocessor = MODELS.build({'type': 'ModalityDataPreprocessor', **(cfg.get('data_preprocessor') or {})}).to(device)
    dataset = _dataset(cfg, ann, frame_zips, frame_folder)
    use_safe_loading()
    model = _model(cfg, checkpoint).to(device)
    model.eval()  # timm's wrapper returns nothing here
    manifest = _manifest(cfg, model, preprocessor, dtype, precision)
    ids = dataset.sample_ids
    done = _start(out, manifest)
    rows = np.array([row for row, name in enumerate(ids) if name not in done], np.int64)
    writer = FeaturePartWriter(parts_folder(out))
    loader = prediction_loader(cfg, dataset, rows)
    encode = _encoder(model, preprocessor, precision, frames_a_pass, device)
    with explained_losses('test_dataloader', lambda: _kept(writer)):
        for batch in track(loader, description='extract', total=len(loader)) if get_rank() == 0 else loader:
            names = [sample.sample_id for sample in batch['data_samples']]
            for name, features in zip(names, encode(batch['inputs']['frames']), strict=True):
                writer.add(name, _stored(name, features, dtype))
        writer.flush()
        barrier()
        return _finish(out, ids, manifest)


# ---------------------------------------------------------------- the model


def _model(cfg: Config, checkpoint: str | None) -> nn.Module:
    """The model with its weights, the same on every rank."""
    torch.manual_seed(0)
    if checkpoint:
        model = untrained_model(Config(dict(model=cfg.model)))
        fill_model(model, renamed(state_dict_of(load_checkpoint(checkpoint), checkpoint)), checkpoint)
        return model
    model = build(cfg.model.to_dict())
    if hasattr(model, 'init_weights'):
        logger = MMLogger.get_current_instance()
        level = logger.level
        logger.setLevel(logging.WARNING)  # a line a parameter
        model.init_weights()
        logger.setLevel(level)
    return model


def frame_vectors(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """One vector a frame, ``(N, D)``: the last output of a backbone or a classifier's neck, averaged over places.

    Args:
        model: Gives a vector, tokens ``(N, L, D)``, a map ``(N, D, H, W)``, a
            tuple that ends with one of these, or a :class:`TokenSequence`.
        images: ``(N, 3, H, W)``, normalised.
    """
    out = model.extract_feat(images) if hasattr(model, 'extract_feat') else model(images)
    out = out.tokens if isinstance(out, TokenSequence) else out
    out = out[-1] if isinstance(out, tuple | list) else out
    if out.ndim == 4:
        return out.mean(dim=(2, 3))
    return out.mean(dim=1) if out.ndim == 3 else out


def _encoder(model: nn.Module, preprocessor: nn.Module, precision: str, frames_a_pass: int,
             device: str) -> Callable[[Sequence], list[np.ndarray]]:
    """From uint8 frames of B videos, ``(T, 3, H, W)`` each, to features ``(T, D)`` float32 each; padding never runs."""
    kind, half = torch.device(device).type, PRECISIONS[precision]

    @torch.inference_mode()
    def encode(videos: Sequence) -> list[np.ndarray]:
        videos = [torch.as_tensor(video) for video in videos]
        shown = torch.cat(videos) if any(map(len, videos)) else videos[0].new_zeros(1, *videos[0].shape[1:])
        found = []
        for part in shown.split(frames_a_pass):
            images = (part.to(device, non_blocking=True).float() - preprocessor.mean) / preprocessor.std
            with torch.autocast(kind, half, enabled=half is not None):
                found.append(frame_vectors(model, images).float())
        features = torch.cat(found).cpu()[:sum(map(len, videos))]
        return [part.numpy() for part in features.split([len(video) for video in videos])]
    return encode


# ---------------------------------------------------------------- the data and the store


def _dataset(cfg: Config, ann, frame_zips: str | None, frame_folder: str | None) -> VideoTextDataset:
    wanted = dict(cfg.test_dataloader.dataset)
    if ann:
        wanted.update(ann_file=ann if isinstance(ann, str) else list(ann), data_root='')
        wanted.pop('id_list', None)
    if frame_zips or frame_folder:
        wanted.update(frame_zips=frame_zips and str(Path(frame_zips).absolute()),
                      frame_folder=frame_folder and str(Path(frame_folder).absolute()), feature_zip=None)
    # Frames alone are looked at.
    wanted.update(tokenizer=None, require_targets=False, label_key=None, soft_targets=None, test_mode=True)
    dataset = build(wanted, DATASETS)
    if not isinstance(dataset, VideoTextDataset) or dataset.frames is None or not wanted.get('pipeline'):
        raise ConfigError(fault('extract_features', 'test_dataloader.dataset', 'videos with a source of images and a '
                                'pipeline', wanted.get('type'), 'Give `frame_zips` or `frame_folder`.'))
    return dataset


def _manifest(cfg: Config, model: nn.Module, preprocessor: nn.Module, dtype: str, precision: str) -> dict:
    """What decides the features, in JSON values."""
    weights = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        weights.update(name.encode())
        weights.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
                       if tensor.ndim else str(tensor.item()).encode())
    pipeline = json.loads(json.dumps(cfg.test_dataloader.dataset.pipeline, default=str))
    normalization = [part.flatten().tolist() for part in (preprocessor.mean, preprocessor.std)]
    return dict(model=cfg.model.type, weights=weights.hexdigest()[:16], pipeline=pipeline, normalization=normalization,
                dtype=dtype, precision=precision)


def _start(out: str, manifest: dict) -> set[str]:
    """Open the parts on rank 0; every rank learns which ids are done.

    Raises:
        DataError: If the store that is there was made in another way.
    """
    message = [None, None]
    if get_rank() == 0:
        message = [_refusal(out, manifest), None]
        if message[0] is None:
            differences = open_parts(parts_folder(out), manifest)
            if differences:
                print(f'{parts_folder(out)}: parts of another run ({differences} differ) were thrown away')
            message[1] = _done(Path(out))
            if message[1]:
                print(f'{out}: going on, {len(message[1])} videos are done')
    broadcast_object_list(message)
    if message[0]:
        raise DataError(message[0])
    return message[1]


def _kept(writer: FeaturePartWriter) -> str:
    """What a run that lost a worker leaves, and how to go on."""
    writer.flush()
    return f'then call the same command again: what is extracted is kept in {writer.folder}, and it goes on from there.'


def _done(out: Path) -> set[str]:
    """Ids in the store and in the parts; parts that a run killed at its very end left are removed."""
    stored = set(stored_ids([out])) if out.exists() else set()
    for part in part_files(parts_folder(out)):
        if set(stored_ids([part])) <= stored:
            part.unlink()
    return stored.union(stored_ids(part_files(parts_folder(out))))


def _refusal(out: str, manifest: dict) -> str | None:
    """Why a store that is there can't be added to."""
    if Path(out).suffix != '.zip':
        return fault('extract_features', 'out', 'a `.zip`', out, 'Rename it.')
    said = read_manifest(out) if Path(out).exists() else manifest
    differ = sorted(k for k in manifest if (said or {}).get(k) != manifest[k])
    if not differ:
        return None
    return f'{out}: features of another way are in it already ({", ".join(differ)} differ). Choose another `out`.'


def _stored(name: str, features: np.ndarray, dtype: str) -> np.ndarray:
    with np.errstate(over='ignore'):
        stored = features.astype(DTYPES[dtype])
    if not np.isfinite(stored).all():
        raise DataError(f'{name}: its features do not fit {dtype} (up to {np.abs(features).max():.3g}). '
                        'Store float32, or compute in higher precision.')
    return stored


def _finish(out: str, ids: list[str], manifest: dict) -> int:
    """Join the parts on rank 0; every rank learns how many videos there are."""
    message = [None]
    if get_rank() == 0:
        parts = [*part_files(parts_folder(out)), *([Path(out)] if Path(out).exists() else [])]
        message = [join_parts(out, parts, ids, manifest)]
        shutil.rmtree(parts_folder(out))
    broadcast_object_list(message)
    return message[0]
