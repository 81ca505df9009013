import os

import cv2
import numpy as np
import pytest
from torch.utils.data import DataLoader

from mmcomp.apis import build
from mmcomp.datasets.transforms.image.image_cache import entry_bytes, read_entry
from mmcomp.errors import ConfigError
from mmcomp.registry import DATASETS, TRANSFORMS

STEPS = [dict(type='FastLoadImageFromFile'), dict(type='FastResize', scale=(8, 6), backend='pillow')]
ENTRY = 8 * 6 * 3
FLIP = dict(type='FastRandomFlip', prob=.5)


@pytest.fixture()
def images(tmp_path):
    (tmp_path / 'images').mkdir()
    for i in range(12):
        cv2.imwrite(str(tmp_path / f'images/{i}.png'), np.random.default_rng(i).integers(0, 256, (20, 30, 3), np.uint8))
    return tmp_path / 'images'


def cache(folder, max_bytes=10**6, steps=STEPS):
    return TRANSFORMS.build(dict(type='ImageCache', transforms=steps, folder=str(folder), max_bytes=max_bytes))


def load(transform, path):
    return transform(dict(img_path=str(path), gt_label=1))


def entries(folder):
    return sorted(folder.glob('*.image'))


def assert_same(a, b):
    assert a.keys() == b.keys()
    np.testing.assert_array_equal(a.pop('img'), b.pop('img'))
    assert a == b


def test_a_hit_is_what_the_steps_gave_and_is_not_shared(images, tmp_path):
    cached, plain = cache(tmp_path / 'c'), [TRANSFORMS.build(step) for step in STEPS]
    for _ in range(2):
        first = load(cached, images / '3.png')
        expected = plain[1](load(plain[0], images / '3.png'))
        pixels = first['img']
        assert_same(first, expected)
        pixels[:] = 0  # what follows may write on it
    assert len(entries(tmp_path / 'c')) == 1
    (images / '3.png').write_bytes((images / '3.png').read_bytes())
    os.utime(images / '3.png', (1, 1))
    load(cached, images / '3.png')
    assert len(entries(tmp_path / 'c')) == 2, 'a changed file is another entry'
    load(cache(tmp_path / 'c', steps=[STEPS[0], dict(STEPS[1], scale=(4, 4))]), images / '3.png')
    assert len(entries(tmp_path / 'c')) == 3, 'another setting is, too'


def test_it_reads_the_entry_and_not_the_image(images, tmp_path):
    cached = cache(tmp_path / 'c')
    load(cached, images / '0.png')
    entry, = entries(tmp_path / 'c')
    entry.write_bytes(entry_bytes(dict(read_entry(entry), img=np.full((6, 8, 3), 7, np.uint8))))
    assert (load(cached, images / '0.png')['img'] == 7).all()
    entry.write_bytes(entry.read_bytes()[:-5])
    assert not (load(cached, images / '0.png')['img'] == 7).all(), 'a torn entry is none'


def test_workers_share_it_and_stay_below_the_limit(images, tmp_path):
    limit = 5 * (ENTRY + 130)
    folder = dict(type='ImageFolderDataset', data_root=str(images), with_label=False)
    kept = dict(type='ImageCache', transforms=STEPS, folder=str(tmp_path / 'c'), max_bytes=limit)
    dataset, plain = (build(dict(folder, pipeline=[*steps, dict(type='FastPackInputs')]), DATASETS)
                      for steps in ([kept, FLIP], [*STEPS, dict(FLIP, prob=0.)]))
    for _ in range(2):
        batches = list(DataLoader(dataset, batch_size=None, num_workers=2))
        for sample, other in zip(batches, plain):
            assert sample['data_samples'].img_path == other['data_samples'].img_path
            expected = other['inputs'].flip(2) if sample['data_samples'].flip else other['inputs']
            assert sample['inputs'].equal(expected)
    kept = [entry.stat().st_size for entry in entries(tmp_path / 'c')]
    assert limit - 2 * max(kept) < sum(kept) <= limit and len(kept) < 12


def test_random_numbers_are_those_without_it(images, tmp_path):
    cached = [cache(tmp_path / 'c'), TRANSFORMS.build(FLIP)]
    flips = []
    for _ in range(2):
        np.random.seed(5)
        flips.append([cached[1](load(cached[0], images / f'{i}.png'))['flip'] for i in range(12)])
    assert flips[0] == flips[1] and len(set(flips[0])) == 2


def test_a_full_disk_ends_the_keeping_only(images, tmp_path, monkeypatch):
    cached = cache(tmp_path / 'c')

    def refuse(*args):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(cached, '_reserve', refuse)
    assert load(cached, images / '0.png')['img'].shape == (6, 8, 3) and cached._full


@pytest.mark.parametrize(('change', 'law'), [
    (dict(transforms=[]), 'without random'), (dict(transforms=[*STEPS, FLIP]), 'RandomFlip'),
    (dict(max_bytes=-1), 'max_bytes')])
def test_wrong_settings_are_refused(tmp_path, change, law):
    with pytest.raises(ConfigError, match=law):
        TRANSFORMS.build(dict(dict(type='ImageCache', transforms=STEPS, folder=str(tmp_path), max_bytes=1), **change))


def test_steps_must_leave_what_json_holds(images, tmp_path):
    with pytest.raises(ConfigError, match='uint8'):
        load(cache(tmp_path / 'c', steps=[dict(type='LoadImageFromFile', to_float32=True)]), images / '0.png')
    with pytest.raises(ConfigError, match='JSON'):
        load(cache(tmp_path / 'c', steps=[*STEPS, dict(type='FastPackInputs')]), images / '0.png')
