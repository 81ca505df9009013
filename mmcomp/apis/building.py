"""Building components and trained models outside a Runner."""
import copy
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from torch import nn

from mmcomp.checkpoints.loading import load_checkpoint, renamed, state_dict_of
from mmcomp.errors import CheckpointError, ConfigError, shorten
from mmcomp.registry import MODELS, Registry


def build(cfg: dict, registry: Registry = MODELS, **default_args) -> object:
    """Build a component with the names of mmcomp's scope in force.

    Args:
        cfg: Config with ``type``.
        registry: The registry to search, with its ancestors.
        **default_args: Arguments that ``cfg`` does not give.
    """
    with registry.switch_scope_and_registry('mmcomp') as scoped:
        return scoped.build(cfg, default_args=default_args or None)


def without_pretrained(node: object) -> object:
    """A copy of a model config that asks for no pre-trained file."""
    if isinstance(node, dict):
        kept = {k: without_pretrained(v) for k, v in node.items() if k != 'pretrained'}
        init = kept.get('init_cfg')
        if isinstance(init, dict) and init.get('type') == 'Pretrained':
            del kept['init_cfg']
        if 'name_or_path' in kept:
            kept['load_weights'] = False
        return kept
    return [without_pretrained(v) for v in node] if isinstance(node, (list, tuple)) else node


def load_model(cfg: Config, checkpoint: str, device: torch.device | str = 'cpu',
               tta: bool = False) -> tuple[nn.Module, dict]:
    """Build the model of a config, fill it from a checkpoint, make it ready to predict.

    Args:
        cfg: A whole config.
        checkpoint: The weights; every one must fit.
        device: Where to put the model.
        tta: Wrap it in the config's ``tta_model``.

    Returns:
        The model in evaluation mode and the checkpoint's ``meta``.

    Raises:
        CheckpointError: If the file does not fit the model, naming what differs.
    """
    model = untrained_model(cfg, tta)
    loaded = load_checkpoint(checkpoint)
    fill_model(model.module if tta else model, renamed(state_dict_of(loaded, checkpoint)), checkpoint)
    return model.to(device).eval(), loaded.get('meta', {}) or {}


def untrained_model(cfg: Config, tta: bool = False) -> nn.Module:
    """Build the model of a config without reading any weights; ``tta`` wraps it in the config's ``tta_model``."""
    model_cfg = without_pretrained(copy.deepcopy(cfg.model.to_dict()))
    if 'data_preprocessor' in cfg:
        model_cfg.setdefault('data_preprocessor', cfg.data_preprocessor.to_dict())
    return build(dict(cfg.tta_model.to_dict(), module=model_cfg) if tta else model_cfg)


def fill_model(model: nn.Module, state: dict[str, torch.Tensor], checkpoint: str) -> None:
    """Put weights into a model; every one must fit.

    Raises:
        CheckpointError: If one does not, or is missing; ``checkpoint`` is named.
    """
    try:
        with _quiet():
            result = model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        wrong = re.findall(r'size mismatch for (\S+): .*?torch.Size\(\[(.*?)\]\).*?torch.Size\(\[(.*?)\]\)', str(error))
        shown = [f'{name} has shape ({have}), the model wants ({want})' for name, have, want in wrong]
        raise CheckpointError(f'{checkpoint}: does not fit the config: {shorten(shown) or error}. '
                              'Use the config it was trained with (number of classes, input size).') from error
    # Index tables that a module computes anew from its window size are in the file and yet "missing".
    missing = [key for key in result.missing_keys if key not in state]
    if missing or result.unexpected_keys:
        raise CheckpointError(
            f'{checkpoint}: does not fit the config; missing: {shorten(missing) or "none"}; '
            f'not in the model: {shorten(result.unexpected_keys) or "none"}. Use the config it was trained with.')


@contextmanager
def _quiet() -> Iterator[None]:
    """Without mmengine's notes about tables that are always computed anew."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def prediction_config(cfg: Config) -> Config:
    """A copy of a config with all that prediction reads.

    Where it has no test loader, or one without a data set, as options on the
    command line leave it, the validation loader serves; where it names
    no views of its own for test-time augmentation, horizontal flip does, unless
    the data set has a pipeline of its own.

    Raises:
        ConfigError: If there is neither a test nor a validation loader.
    """
    cfg = copy.deepcopy(cfg)
    given = cfg.get('test_dataloader') or {}
    if 'dataset' not in given:
        if cfg.get('val_dataloader') is None:
            raise ConfigError(f'{cfg.filename}: `test_dataloader` must be given to predict. Add it to the config.')
        cfg.test_dataloader = dict(copy.deepcopy(cfg.val_dataloader.to_dict()), **given)
    if 'tta_model' not in cfg:
        cfg.tta_model = dict(type='AverageLogitsTTA')
    if 'tta_pipeline' not in cfg:
        pipeline = copy.deepcopy(cfg.test_dataloader.dataset.get('pipeline'))
        if not pipeline:
            cfg.tta_pipeline = None
            return cfg
        flips = [dict(type='RandomFlip', prob=1.), dict(type='RandomFlip', prob=0.)]
        cfg.tta_pipeline = [*pipeline[:-1], dict(type='TestTimeAug', transforms=[flips, [pipeline[-1]]])]
    return cfg
