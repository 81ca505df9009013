"""Where a training starts whose model takes parts of another one."""
from collections.abc import Iterator

from mmengine.config import Config


def name_transfer(cfg: Config) -> None:
    """Let ``TransferredWeights`` of the model read the file that the training is to start from.

    So ``--load-from``, and ``start`` of a recipe's training, load named parts of
    a pre-training, and refuse what does not fit.

    Args:
        cfg: A config with the options merged; changed in place.
    """
    for transfer in _transfers(cfg):
        if cfg.get('load_from') and cfg.get('resume') in (None, 'auto'):
            transfer['checkpoint'], cfg.load_from = cfg.load_from, None


def forget_transfer(cfg: Config) -> None:
    """A training that is resumed has its weights already.

    Args:
        cfg: A config after :func:`mmcomp.apis.resuming.settle_start`; changed in place.
    """
    for transfer in _transfers(cfg) if cfg.get('resume') else ():
        init = cfg.model.init_cfg
        cfg.model.init_cfg = [other for other in init if other is not transfer] if isinstance(init, list) else None


def _transfers(cfg: Config) -> Iterator[dict]:
    init = (cfg.get('model') or {}).get('init_cfg')
    every = init if isinstance(init, list) else [init or {}]
    return (one for one in every if one.get('type') == 'TransferredWeights')
