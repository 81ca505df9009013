"""How good weights are on a config's validation data, model after model in one process."""
import copy
import hashlib
import math
from collections.abc import Sequence

import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope
from mmengine.runner import Runner, set_random_seed
from torch import nn
from torch.utils.data import DataLoader

from mmcomp.apis.building import build, fill_model, untrained_model
from mmcomp.apis.host import set_dataloader_defaults
from mmcomp.apis.soft_targets import use_prediction_tables
from mmcomp.checkpoints.barrier import Score
from mmcomp.checkpoints.loading import renamed
from mmcomp.errors import ConfigError, did_you_mean, fault
from mmcomp.registry import METRICS

USUAL_METRIC = 'accuracy/top1'


class ModelScorer:
    """A model and its validation data, to be filled with weights again and again.

    Args:
        cfg: A whole config with ``val_dataloader`` and ``val_evaluator``.
        metric: The key to go by, such as ``accuracy/top1``; may be left out
            where the evaluator has one key, or that one.
        device: Where to compute.

    Raises:
        ConfigError: If the config has no validation.
    """

    def __init__(self, cfg: Config, metric: str | None = None, device: str = 'cpu'):
        self.model = empty_model(cfg, device)
        self.loader = loader_of(cfg, 'val_dataloader')
        if not cfg.get('val_evaluator'):
            raise ConfigError(fault(cfg.filename or 'config', 'val_evaluator', 'given to score models', None,
                                    'Add it to the config.'))
        metrics = cfg.val_evaluator if isinstance(cfg.val_evaluator, list | tuple) else [cfg.val_evaluator]
        self.evaluator = Evaluator([build(dict(metric), METRICS) for metric in metrics])
        self.evaluator.dataset_meta = self.loader.dataset.metainfo
        self.metric = metric
        self.facts = dict(metric=metric or '', data=self._data_digest(cfg), samples=len(self.loader.dataset))

    def _data_digest(self, cfg: Config) -> str:
        labels = getattr(self.loader.dataset, 'get_gt_labels', lambda: ())
        said = (cfg.model, cfg.get('data_preprocessor'), cfg.val_dataloader.dataset, cfg.val_evaluator, list(labels()))
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    def fill(self, state: dict[str, torch.Tensor], name: str) -> None:
        """Put weights into the model; ``name`` stands in errors."""
        fill_model(self.model, renamed(state), name)

    @torch.inference_mode()
    def score(self, track=lambda batches: batches) -> Score:
        """Score the model as it is.

        Args:
            track: Wraps the loop over batches, for a progress bar.
        """
        losses: list[float] = []
        self.model.eval()
        for batch in track(self.loader):
            samples = self.model.val_step(batch)
            self.evaluator.process(data_samples=samples, data_batch=batch)
            losses += negative_log_likelihoods(samples)
        found = self.evaluator.evaluate(len(self.loader.dataset))
        name = self.metric or _usual(found)
        if name not in found:
            raise ConfigError(f'--by: the evaluator gives no `{name}`.{did_you_mean(name, found)} '
                              f'It gives {", ".join(found)}.')
        whole = losses and len(losses) == len(self.loader.dataset)
        return Score(float(found[name]), math.fsum(losses) / len(losses) if whole else None, name)


def _usual(found: dict) -> str:
    if len(found) > 1 and USUAL_METRIC not in found:
        raise ConfigError(fault('--by', 'metric', 'named where the evaluator gives several', ', '.join(found),
                                'Choose one of them.'))
    return USUAL_METRIC if USUAL_METRIC in found else next(iter(found))


def negative_log_likelihoods(samples: Sequence) -> list[float]:
    """``-log p(true class)`` of each sample that has probabilities and one label."""
    found = []
    for sample in samples:
        scores, label = getattr(sample, 'pred_score', None), getattr(sample, 'gt_label', None)
        if scores is not None and label is not None and label.numel() == 1 and abs(float(scores.sum()) - 1) < 1e-2:
            found.append(-math.log(max(float(scores[int(label)]), 1e-12)))
    return found


def empty_model(cfg: Config, device: str = 'cpu') -> nn.Module:
    """The model of a config, its weights yet to come, as the host can run it."""
    model = untrained_model(cfg)
    if not device.startswith('cuda'):
        model = revert_sync_batchnorm(model)
    return model.to(device).eval()


def loader_of(cfg: Config, name: str, **changes: object) -> DataLoader:
    """A data loader of a config, with random numbers that are the same each time.

    Raises:
        ConfigError: If the config lacks it.
    """
    if not cfg.get(name):
        raise ConfigError(fault(cfg.filename or 'config', name, 'given', None, 'Add it to the config.'))
    use_prediction_tables()
    cfg = set_dataloader_defaults(copy.deepcopy(cfg), pin_memory=torch.cuda.is_available())
    wanted = dict(cfg[name].to_dict(), **changes, persistent_workers=False)
    set_random_seed(0)
    with DefaultScope.overwrite_default_scope('mmcomp'):
        return Runner.build_dataloader(wanted, seed=0)
