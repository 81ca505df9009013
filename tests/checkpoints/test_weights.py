"""Published weights: mirror first, hashes checked, one sentence when they can't be had."""
import hashlib

import pytest
import torch

from mmcomp.checkpoints.weights import WEIGHTS, resolve_weights
from mmcomp.errors import CheckpointError

CONTENT = b'weights'
DIGEST = hashlib.sha256(CONTENT).hexdigest()[:8]


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv('MMCOMP_WEIGHTS_MIRROR', str(tmp_path / 'mirror'))
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    (tmp_path / 'mirror').mkdir()
    return tmp_path


def test_file_names_hold_hashes():
    for weights in WEIGHTS.values():
        assert weights.file_name.endswith('.pth') and len(weights.file_name[:-4].rsplit('-', 1)[1]) == 8


def test_the_mirror_comes_first_for_names_and_urls(folders):
    name, weights = next(iter(WEIGHTS.items()))
    in_mirror = folders / 'mirror' / weights.file_name
    in_mirror.write_bytes(b'another file')
    for asked in (name, weights.url):
        with pytest.raises(CheckpointError, match='sha256'):
            resolve_weights(asked)
    free = folders / 'mirror' / f'w-{DIGEST}.pth'
    free.write_bytes(CONTENT)
    assert resolve_weights(f'https://nowhere.invalid/{free.name}') == free


def test_a_download_is_kept_and_checked(folders):
    source = folders / f'w-{DIGEST}.pth'
    source.write_bytes(CONTENT)
    got = resolve_weights(source.as_uri())
    source.unlink()
    assert got.read_bytes() == CONTENT and resolve_weights(source.as_uri()) == got
    torn = folders / 'torn-00000000.pth'
    torn.write_bytes(CONTENT)
    with pytest.raises(CheckpointError, match='sha256'):
        resolve_weights(torn.as_uri())
    assert not (folders / 'hub' / 'checkpoints' / torn.name).exists()


def test_what_cannot_be_had_is_one_sentence(folders):
    with pytest.raises(CheckpointError, match='swinv2-base-w12-in21k-192'):
        resolve_weights('swinv2-base-w12-in21k')
    with pytest.raises(CheckpointError, match='MMCOMP_WEIGHTS_MIRROR'):
        resolve_weights((folders / 'missing.pth').as_uri())
