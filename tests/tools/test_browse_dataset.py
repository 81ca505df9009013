import cv2
import numpy as np
import pytest
import torch

from mmcomp.apis.browsing import browse
from mmcomp.apis.config import load_config
from mmcomp.errors import ConfigError

CONFIG = """
data = dict(type='ImageFolderDataset', data_root={root!r}, pipeline=[
    dict(type='LoadImageFromFile'),
    dict(type='RandomFlip', prob=.5),
    dict(type='PackInputs')])
train_dataloader = dict(batch_size=2, dataset=data)
"""


@pytest.fixture()
def config(tmp_path) -> str:
    """Ten images in two folders; the left half of each is pure red, the right black."""
    for n in range(10):
        path = tmp_path / 'images' / ('ant' if n < 5 else 'bee') / f'{n}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        image = np.zeros((12, 16 + n, 3), np.uint8)
        image[:, :8, 2] = 255
        cv2.imwrite(str(path), image)
    (tmp_path / 'config.py').write_text(CONFIG.format(root=str(tmp_path / 'images')))
    return str(tmp_path / 'config.py')


def test_pictures_are_rgb_augmented_and_captioned(config):
    cfg = load_config(config)
    shown = list(browse(cfg, number=10, seed=3))
    assert [caption for _, caption in shown][::9] == ['0 ant\nant/0.png', '1 bee\nbee/9.png']
    assert {image.dtype.name for image, _ in shown} == {'uint8'}
    red_on_left = [bool(image[0, 0, 0]) for image, _ in shown]
    assert {True, False} == set(red_on_left), 'some are flipped'
    assert all(image[..., 1:].sum() == 0 for image, _ in shown), 'red stays red'


def test_the_seed_decides(config):
    cfg = load_config(config)

    def look(seed):
        return [(image.tobytes(), caption) for image, caption in browse(cfg, number=4, seed=seed)]
    assert look(1) == look(1) != look(2)
    captions = [caption for _, caption in look(1)]
    assert len(set(captions)) == 4


def test_original_and_side_by_side(config):
    cfg = load_config(config)
    both = [image for image, _ in browse(cfg, number=3, mode='concat')]
    before = [image for image, _ in browse(cfg, number=3, mode='original')]
    after = [image for image, _ in browse(cfg, number=3)]
    for pair, left, right in zip(both, before, after, strict=True):
        assert left[0, 0].tolist() == [255, 0, 0]
        assert np.array_equal(pair, np.concatenate([left, right], axis=1))


def test_sheet(tool, config, tmp_path, capsys):
    out = tmp_path / 'sheet.png'
    state = torch.random.get_rng_state()
    tool('browse_dataset').main([config, '--number', '6', '--mode', 'concat', '--out', str(out)])
    torch.random.set_rng_state(state)
    sheet = cv2.imread(str(out))
    assert sheet is not None and (sheet == (0, 0, 255)).all(axis=2).mean() > .05
    assert '6 images of train' in capsys.readouterr().out


def test_a_split_the_config_lacks(config):
    with pytest.raises(ConfigError, match='`val_dataloader` must be given'):
        list(browse(load_config(config), 'val'))
