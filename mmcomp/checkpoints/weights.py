"""The published weights that recipes start from, and where to find them.

A machine without internet sets ``MMCOMP_WEIGHTS_MIRROR`` to a folder that
holds the files under their published names.
"""
import hashlib
import os
import re
import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mmcomp.errors import CheckpointError, did_you_mean, fault
from mmcomp.files import atomic_path

MIRROR_VARIABLE = 'MMCOMP_WEIGHTS_MIRROR'


@dataclass(frozen=True)
class Weights:
    """One published file.

    Args:
        url: Where it is published; the file name ends with the first eight
            hexadecimal digits of its SHA-256.
        prefix: What its keys start with; give it to ``init_cfg``.
        note: What it is.
    """
    url: str
    prefix: str
    note: str

    @property
    def file_name(self) -> str:
        return Path(urlsplit(self.url).path).name


_SWIN = 'https://download.openmmlab.com/mmclassification/v0/swin-v2/pretrain/'
_MAE = 'https://download.openmmlab.com/mmselfsup/1.x/mae/'
WEIGHTS = {
    'swinv2-base-w12-in21k-192': Weights(
        f'{_SWIN}swinv2-base-w12_3rdparty_in21k-192px_20220803-f7dc9763.pth', 'backbone.',
        'Swin V2 base, ImageNet-21k at 192 px, windows 12, 12, 12, 6'),
    'swinv2-large-w12-in21k-192': Weights(
        f'{_SWIN}swinv2-large-w12_3rdparty_in21k-192px_20220803-d9073fee.pth', 'backbone.',
        'Swin V2 large, ImageNet-21k at 192 px, windows 12, 12, 12, 6'),
    'mae-vit-large-p16-in1k-1600e': Weights(
        f'{_MAE}mae_vit-large-p16_8xb512-fp16-coslr-1600e_in1k/'
        'mae_vit-large-p16_8xb512-fp16-coslr-1600e_in1k_20220825-cc7e98c9.pth', 'backbone.',
        'MAE of ViT-L/16, 1600 epochs of ImageNet-1k: encoder, decoder and all'),
    'mae-vit-base-p16-in1k-1600e': Weights(
        f'{_MAE}mae_vit-base-p16_8xb512-fp16-coslr-1600e_in1k/'
        'mae_vit-base-p16_8xb512-fp16-coslr-1600e_in1k_20220825-f7569ca2.pth', 'backbone.',
        'MAE of ViT-B/16, 1600 epochs of ImageNet-1k: encoder, decoder and all'),
}


def resolve_weights(name_or_url: str) -> Path:
    """The local file of published weights, downloaded if it must be.

    Looked up by file name in the folder ``$MMCOMP_WEIGHTS_MIRROR``, then in
    torch's download cache; then fetched into that cache. A hash in the file
    name (``-1a2b3c4d.pth``) is checked in the mirror and after a download.

    Args:
        name_or_url: A name in ``WEIGHTS``, or any http(s) address.

    Raises:
        CheckpointError: On an unknown name, a failed download or a wrong hash.
    """
    url = name_or_url if '://' in name_or_url else _known(name_or_url).url
    file_name = Path(urlsplit(url).path).name
    mirror = os.environ.get(MIRROR_VARIABLE)
    if mirror and (Path(mirror) / file_name).is_file():
        return check_hash(Path(mirror) / file_name)
    import torch
    cached = Path(torch.hub.get_dir()) / 'checkpoints' / file_name
    if not cached.is_file():
        _download(url, cached)
    return cached


def check_hash(path: Path, name: str = '') -> Path:
    """Return ``path`` if its SHA-256 starts as its file name says, or says
    nothing; else raise :class:`CheckpointError`."""
    wanted = re.search(r'-([0-9a-f]{8,64})\.\w+$', name or path.name)
    if wanted is None:
        return path
    with open(path, 'rb') as file:
        found = hashlib.file_digest(file, 'sha256').hexdigest()
    if not found.startswith(wanted[1]):
        raise CheckpointError(fault(path, 'sha256', f'{wanted[1]}…', f'{found[:16]}…',
                                    'The file is torn or another one; fetch it again.'))
    return path


def _known(name: str) -> Weights:
    if name not in WEIGHTS:
        raise CheckpointError(f'weights: `{name}` is no published file of the list.{did_you_mean(name, WEIGHTS)} '
                              f'Known: {", ".join(WEIGHTS)}.')
    return WEIGHTS[name]


def _download(url: str, to: Path) -> None:
    try:
        with atomic_path(to) as temporary:
            with urllib.request.urlopen(url, timeout=60) as source, open(temporary, 'wb') as target:
                shutil.copyfileobj(source, target)
            check_hash(temporary, to.name)
    except OSError as error:
        raise CheckpointError(fault('weights', 'url', 'reachable', url,
                                    f'({error}) Put the file {to.name} into a folder and set '
                                    f'{MIRROR_VARIABLE} to it.')) from error
