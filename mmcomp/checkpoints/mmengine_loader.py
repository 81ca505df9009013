"""Make mmengine load checkpoints through :mod:`mmcomp.checkpoints.loading`.

``Runner.load_checkpoint``, ``--resume`` and ``init_cfg=dict(type='Pretrained')``
all ask mmengine's ``CheckpointLoader``, which keeps one function a URL scheme.
"""
from collections.abc import Callable

import torch.distributed
from mmengine.dist import get_local_rank
from mmengine.runner.checkpoint import CheckpointLoader, get_external_models, get_mmcls_models, get_torchvision_models

from mmcomp.checkpoints.clip_weights import SCHEME, load_clip_vision
from mmcomp.checkpoints.loading import load_checkpoint, renamed
from mmcomp.checkpoints.weights import resolve_weights
from mmcomp.errors import CheckpointError, did_you_mean

ZOOS = {
    'torchvision://': get_torchvision_models, 'modelzoo://': get_torchvision_models,
    'open-mmlab://': get_external_models, 'openmmlab://': get_external_models, 'mmcls://': get_mmcls_models,
}  # yapf: disable
CLUSTER_SCHEMES = ('pavi://', r'(\S+\:)?s3://', r'(\S+\:)?petrel://')


def use_safe_loading() -> None:
    """Route every checkpoint that mmengine loads through the safe loader.

    Local files, http(s) addresses and the named zoos go on to work; storage of
    single clusters is refused with the remedy.
    """
    def register(prefixes, loader: Callable) -> None:
        # mmengine's way to replace a scheme; no registry is involved.
        CheckpointLoader.register_scheme(prefixes, loader, force=True)

    register('', load_from_disk)
    register(SCHEME, load_clip_vision)
    register(('http://', 'https://'), load_from_address)
    for prefix, names in ZOOS.items():
        register(prefix, _zoo_loader(prefix, names))
    register(CLUSTER_SCHEMES, load_from_cluster)


def load_from_disk(filename: str, map_location=None) -> dict:
    """Load a local file, with old parameter names made today's."""
    checkpoint = load_checkpoint(filename, map_location or 'cpu')
    if isinstance(checkpoint.get('state_dict'), dict):
        checkpoint['state_dict'] = renamed(checkpoint['state_dict'])
    return checkpoint


def load_from_address(filename: str, map_location=None) -> dict:
    """Download once a host, or take the file from the mirror, then load it."""
    in_group = torch.distributed.is_initialized()
    if in_group and get_local_rank():
        torch.distributed.barrier()
    path = resolve_weights(filename)
    if in_group and not get_local_rank():
        torch.distributed.barrier()
    return load_from_disk(path, map_location)


def _zoo_loader(prefix: str, names: Callable[[], dict]) -> Callable:

    def load_from_zoo(filename: str, map_location=None) -> dict:
        known, name = names(), filename.removeprefix(prefix)
        if name not in known:
            raise CheckpointError(f'{filename}: no such model in this zoo.{did_you_mean(name, known)}')
        return load_from_address(known[name], map_location)

    return load_from_zoo


def load_from_cluster(filename: str, map_location=None) -> dict:
    """Refuse a storage scheme that only one cluster has."""
    raise CheckpointError(f'{filename}: this storage can\'t be read here. Copy the file to a disk and give its path.')
