"""Hashes outlive scaling and compression; blocks find what all pairs find."""
import cv2
import numpy as np
import pytest

from mmcomp.errors import DataError
from mmcomp.predictions.labels import near_duplicates
from mmcomp.predictions.labels.near_duplicates import close_pairs, groups_of, hash_files, perceptual_hash


def photo(seed):
    rng = np.random.default_rng(seed)
    return cv2.GaussianBlur(cv2.resize(rng.integers(0, 256, (9, 9), dtype=np.uint8), (160, 120)), (5, 5), 0)


def distance(one, other):
    return bin(int(one) ^ int(other)).count('1')


def test_a_copy_is_near_and_another_image_is_not():
    original = photo(0)
    for copy in (cv2.resize(original, (77, 61)), np.clip(original * .8 + 20, 0, 255).astype(np.uint8),
                 cv2.imdecode(cv2.imencode('.jpg', original, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 0)):
        assert distance(perceptual_hash(original), perceptual_hash(copy)) <= 4
    others = [distance(perceptual_hash(original), perceptual_hash(photo(seed))) for seed in range(1, 30)]
    assert min(others) > 8 and 24 < np.mean(others) < 40


@pytest.mark.parametrize('block', [1, 1 << 25])
def test_blocks_find_every_pair(monkeypatch, block):
    monkeypatch.setattr(near_duplicates, 'BLOCK_BYTES', block)
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, 40, dtype=np.uint64)
    hashes[20:] = hashes[:20] ^ (np.uint64(1) << rng.integers(0, 63, 20).astype(np.uint64))
    pairs, bits = close_pairs(hashes, 25)
    expected = {(i, j): distance(hashes[i], hashes[j]) for i in range(40) for j in range(i + 1, 40)
                if distance(hashes[i], hashes[j]) <= 25}
    assert {(i, j): n for (i, j), n in zip(pairs.tolist(), bits.tolist())} == expected and len(expected) > 20


def test_chains_are_one_group():
    hashes = np.array([0, 7 << 40, 0b11, 0b1111, 7 << 40, 0xffff0000], dtype=np.uint64)
    assert groups_of(hashes, 2).tolist() == [0, 1, 0, 0, 1, 2]
    assert groups_of(hashes, 1).tolist() == [0, 1, 2, 3, 1, 4]
    assert groups_of(hashes, 3).tolist() == [0, 0, 0, 0, 0, 1]


def test_broken_files_are_named(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), photo(1))
    (tmp_path / 'b.png').write_bytes(b'no image')
    assert hash_files([str(tmp_path / 'a.png')])[0] == perceptual_hash(photo(1))
    with pytest.raises(DataError, match='b.png'):
        hash_files([str(tmp_path / name) for name in ('a.png', 'b.png')])
