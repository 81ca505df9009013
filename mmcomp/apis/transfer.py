"""Where a training starts whose model takes parts of another one."""
from mmengine.config import Config


def settle_transfer(cfg: Config) -> None:
    """Let ``TransferredWeights`` of the model read the checkpoint that the training is to start from.

    So ``--load-from``, and ``start`` of a recipe's training, load named parts of
    a pre-training, and refuse what does not fit. A resumed training has its
    weights already: the file need not be there any more.

    Args:
        cfg: A config after :func:`mmcomp.apis.resuming.settle_start`; changed in place.
    """
    model = cfg.get('model') or {}
    init = model.get('init_cfg')
    for one in init if isinstance(init, list) else [init or {}]:
        if one.get('type') != 'TransferredWeights':
            continue
        if cfg.get('resume'):
            model['init_cfg'] = [other for other in init if other is not one] if isinstance(init, list) else None
        elif cfg.get('load_from'):
            one['checkpoint'], cfg.load_from = cfg.load_from, None
        return
