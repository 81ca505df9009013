"""A trained model as an ONNX file that was found to give the same numbers."""
import copy
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import nn
from torch.utils.data import Dataset

from mmcomp.apis.building import build, fill_model, load_model, prediction_config, untrained_model
from mmcomp.apis.prediction_data import prediction_dataset, prediction_loader
from mmcomp.apis.vocabulary_check import refuse_larger_vocabulary
from mmcomp.checkpoints.loading import load_checkpoint, renamed, state_dict_of
from mmcomp.datasets import TabularTextDataset, VideoTextDataset
from mmcomp.datasets.collating import collate_inputs
from mmcomp.errors import ConfigError, did_you_mean, fault
from mmcomp.files import atomic_path
from mmcomp.models.scoring import needs_only_inputs
from mmcomp.registry import DATASETS, MODELS

from .differences import Differences, compare
from .feeds import described, made_up, trimmed
from .libraries import require_libraries
from .metadata import file_metadata
from .onnx_file import OnnxModel, write_onnx
from .parts import PARTS, Part
from .unpacked_lstm import without_packing

TOLERANCE, HALF_TOLERANCE = 1e-3, 5e-2


@dataclass(frozen=True)
class Report:
    """What came out of an export.

    ``differences`` are of the first output (logits, features, tokens), of data of the config and of made-up inputs;
    ``seconds`` a sample by torch and by onnxruntime; ``signature`` shapes of inputs and outputs by name.
    """
    out: str
    part: str
    opset: int
    size: int
    signature: tuple[dict[str, list], dict[str, list]]
    differences: tuple[Differences, ...]
    seconds: tuple[float, float]
    tolerance: float
    kept: bool

    @property
    def largest(self) -> float:
        """The largest difference of all; no number if any is none."""
        found = [one.largest for one in self.differences]
        return math.nan if any(map(math.isnan, found)) else max(found)

    @property
    def holds(self) -> bool:
        """Whether it is within the tolerance."""
        return self.largest <= self.tolerance


class _Apart(Exception):
    """The numbers differ too much, so that the file is not to stay."""


def export_onnx(cfg: Config, checkpoint: str | os.PathLike, out: str | os.PathLike, *, part: str = 'scores',
                opset: int | None = None, half: bool = False, static: bool = False, normalized: bool = False,
                tolerance: float | None = None, batch_size: int = 8, keep: bool = False) -> Report:
    """Export a model, or a tower of it, and compare the file with torch before it gets its name.

    Args:
        cfg: A whole config; a batch of its ``test_dataloader`` is computed both ways, and made-up inputs of another
            number and length.
        checkpoint: The weights.
        out: The file, ``.onnx``. If the check fails, one that is there stays as it was.
        part: ``scores``, inputs to logits and scores; ``vision``, images to features; ``text``, ids to tokens.
        opset: Version of ONNX's operators; by default torch's.
        half: Arithmetic in float16; inputs and outputs stay float32. It is compared with float32.
        static: Batch and lengths stay those of the batch, for compilers that want it.
        normalized: Images come as float32, normalised, instead of as they leave the pipeline.
        tolerance: Largest absolute difference of the first output; by default 0.001, with ``half`` 0.05.
        batch_size: Samples of the test data in the check.
        keep: Leave the file though the check failed.

    Returns:
        The report; unless ``holds``, the file is there only with ``keep``.

    Raises:
        ConfigError: If libraries are missing, or the model can't be exported.
    """
    require_libraries()
    _check(part, out, batch_size, tolerance)
    model, meta, exported, preprocessor = _built(cfg, checkpoint, part, normalized)
    cfg = prediction_config(cfg)
    refuse_larger_vocabulary(model, cfg, 'test_dataloader')
    dataset = _dataset(cfg)
    feed = exported.feed(_batch(cfg, dataset, model, batch_size))
    feed = feed if static else trimmed(feed)
    facts = file_metadata(cfg, checkpoint, meta, dataset, exported, feed, preprocessor, normalized)
    report = None
    try:
        with atomic_path(out) as temporary:
            example = made_up(feed, *_sizes(feed, static, traced=True), seed=1)
            found = write_onnx(without_packing(exported), example, temporary, facts, opset, half, static)
            report = _report(exported, feed, OnnxModel(temporary), static, out=str(out), part=part, opset=found,
                             tolerance=tolerance or (HALF_TOLERANCE if half else TOLERANCE), keep=keep)
            if not report.kept:
                raise _Apart
    except _Apart:
        pass
    return report


def _check(part: str, out: str | os.PathLike, batch_size: int, tolerance: float | None) -> None:
    checks = [('--part', f'one of {tuple(PARTS)}', part, part in PARTS, did_you_mean(part, PARTS)),
              ('--out', 'a file `.onnx`', str(out), str(out).endswith('.onnx'), ''),
              ('--batch-size', 'at least 1', batch_size, batch_size >= 1, ''),
              ('--tolerance', 'above 0', tolerance, tolerance is None or tolerance > 0, '')]
    for name, law, got, holds, hint in checks:
        if not holds:
            raise ConfigError(fault('export_onnx', name, law, got, f'Correct it.{hint}'))


def _built(cfg: Config, checkpoint: str | os.PathLike, part: str,
           normalized: bool) -> tuple[nn.Module, dict, Part, nn.Module]:
    """The model in float32, its checkpoint's ``meta``, the part of it, and what normalises its images."""
    kind = MODELS.get(cfg.model.type)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        model, meta = load_model(cfg, str(checkpoint))
        preprocessor = model.data_preprocessor
    else:  # a backbone alone, such as that which features of frames are extracted with
        model, loaded = untrained_model(Config(dict(model=cfg.model))), load_checkpoint(checkpoint)
        fill_model(model, renamed(state_dict_of(loaded, checkpoint)), str(checkpoint))
        meta = loaded.get('meta') or {}
        preprocessor = build({'type': 'ModalityDataPreprocessor', **(cfg.get('data_preprocessor') or {})})
        if part != 'vision':
            raise ConfigError(fault('export_onnx', '--part', 'vision of a backbone without a head', part,
                                    'Choose it.'))
    # A frozen tower may be in half precision; --half is another matter.
    model.float().eval()
    options = dict(vision=dict(preprocessor=preprocessor, normalized=normalized), scores=dict(normalized=normalized))
    return model, meta, PARTS[part](model, **options.get(part, {})).eval(), preprocessor


def _dataset(cfg: Config) -> Dataset:
    """What is predicted; labels, where texts have some, are not asked for."""
    kind = DATASETS.get(cfg.test_dataloader.dataset.type)
    if isinstance(kind, type) and issubclass(kind, TabularTextDataset | VideoTextDataset):
        cfg.test_dataloader.dataset.require_targets = False
    return prediction_dataset(cfg)


def _batch(cfg: Config, dataset: Dataset, model: nn.Module, batch_size: int) -> dict:
    """A batch of samples from all over the data set."""
    cfg = copy.deepcopy(cfg)
    cfg.test_dataloader.update(batch_size=batch_size, num_workers=0)
    cfg.test_dataloader.pop('prefetch_factor', None)
    rows = np.unique(np.linspace(0, len(dataset) - 1, batch_size).round().astype(np.int64))
    return next(iter(prediction_loader(cfg, dataset, rows, collate_inputs if needs_only_inputs(model) else None)))


def _sizes(feed: dict[str, torch.Tensor], static: bool, traced: bool = False) -> tuple[int, Callable[[int], int]]:
    """Samples, and their length by that of real ones: at least 2 for the graph, others than the real ones to try it."""
    batch = len(next(iter(feed.values())))
    if static:
        return batch, lambda length: length
    if traced:
        return max(batch, 2), lambda length: max(length, 2)
    return batch // 2 + 3, lambda length: length // 2 + 1


def _report(exported: Part, feed: dict[str, torch.Tensor], model: OnnxModel, static: bool, keep: bool,
            **facts) -> Report:
    found = []
    with torch.no_grad():
        for name, inputs in (('test data', feed), ('made-up', made_up(feed, *_sizes(feed, static)))):
            ours, theirs = exported(*inputs.values()), model(inputs)
            found.append(compare(name, described(inputs), ours[0].numpy(), theirs[0], exported.ranked))
        seconds = tuple(_seconds(run) / len(ours[0]) for run in (lambda: exported(*feed.values()), lambda: model(feed)))
    report = Report(size=model.size, signature=model.signature, differences=tuple(found), seconds=seconds, kept=True,
                    **facts)
    return report if report.holds or keep else Report(**{**vars(report), 'kept': False})


def _seconds(run: Callable[[], object], times: int = 3) -> float:
    """The shortest of a few runs."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)
