"""Fitting a config to the host it runs on: GPUs or none, one process or many."""
import os

from mmengine.config import Config
from torch.nn.parallel import DistributedDataParallel

from mmcomp.apis.large_models import settle_sharding
from mmcomp.apis.launch import gpu_count, tell
from mmcomp.registry import MODEL_WRAPPERS

DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def ddp_wrapper_cfg(cfg: Config, gpus: int, local_rank: int) -> dict:
    """The ``model_wrapper_cfg`` for a distributed run.

    mmengine always passes ``device_ids=[LOCAL_RANK]``, which a model on the CPU
    refuses. What the config says (``find_unused_parameters``, ``static_graph``,
    another wrapper) is kept.

    Args:
        cfg: The whole config.
        gpus: GPUs visible to this process; 0 for a run on the CPU.
        local_rank: Number of this process on its host.
    """
    wrapper = dict(cfg.get('model_wrapper_cfg') or dict(broadcast_buffers=False))
    wrapper.setdefault('type', 'MMDistributedDataParallel')
    cls = MODEL_WRAPPERS.get(wrapper['type']) if isinstance(wrapper['type'], str) else wrapper['type']
    if isinstance(cls, type) and issubclass(cls, DistributedDataParallel):
        wrapper['device_ids'] = [local_rank % gpus] if gpus else None
        if 'find_unused_parameters' in cfg:
            wrapper.setdefault('find_unused_parameters', cfg.find_unused_parameters)
    return wrapper


def set_dataloader_defaults(cfg: Config, pin_memory: bool = True, persistent_workers: bool = True) -> Config:
    """What mmpretrain's tools assume of a data loader that does not say otherwise.

    Batches are stacked (``default_collate``), memory is pinned and workers live
    on from epoch to epoch. ``False`` here wins over the config.
    """
    for name in DATALOADERS:
        loader = cfg.get(name)
        if loader is None:
            continue
        loader.setdefault('pin_memory', True)
        loader.setdefault('collate_fn', dict(type='default_collate'))
        workers = loader.get('num_workers', 0) > 0
        loader['pin_memory'] = loader['pin_memory'] and pin_memory
        loader['persistent_workers'] = loader.get('persistent_workers', True) and persistent_workers and workers
    return cfg


def adapt_to_host(cfg: Config, launcher: str) -> Config:
    """Change in ``cfg`` what this host can't do as written, and say so.

    The launcher named here replaces the one in the file. Without GPU: DDP
    without device ids, BatchNorm instead of its synchronised form, mixed
    precision in bfloat16, no pinned memory. On one process: no weights are divided.
    """
    gpus = gpu_count()
    cfg.launcher = launcher
    settle_sharding(cfg, launcher)
    if launcher != 'none':
        cfg.model_wrapper_cfg = ddp_wrapper_cfg(cfg, gpus, int(os.environ['LOCAL_RANK']))
        if not gpus:
            _without_sync_bn(cfg)
    if not gpus:
        _bfloat16_amp(cfg)
        set_dataloader_defaults(cfg, pin_memory=False)
    return cfg


def _without_sync_bn(cfg: Config) -> None:
    changed = _rename(cfg.get('model'), 'SyncBN', 'BN')
    if cfg.get('sync_bn'):
        cfg.sync_bn, changed = None, True
    if changed:
        tell('no GPU here: BatchNorm layers are not synchronised between ranks.')


def _rename(node: object, old: str, new: str) -> bool:
    """Replace a type everywhere below ``node``; whether there was one."""
    if isinstance(node, dict):
        found = node.get('type') == old
        if found:
            node['type'] = new
        children = list(node.values())
    elif isinstance(node, list | tuple):
        found, children = False, node
    else:
        return False
    return any([_rename(child, old, new) for child in children]) or found


def _bfloat16_amp(cfg: Config) -> None:
    wrapper = cfg.get('optim_wrapper')
    if not isinstance(wrapper, dict) or wrapper.get('type') not in ('AmpOptimWrapper', 'AutocastOptimWrapper'):
        return
    wrapper['type'] = 'AutocastOptimWrapper'
    if wrapper.get('dtype') != 'bfloat16':
        tell(f'no GPU here: mixed precision is bfloat16, not {wrapper.get("dtype") or "float16"}.')
