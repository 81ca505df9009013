"""Patience is not counted anew after a resume."""
import pytest

from mmcomp.apis import load_config, train
from mmcomp.testing.toy_training import write_toy_config


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    return write_toy_config(tmp_path_factory.mktemp('toy'))


def epochs(toy, folder, at_most, resume=None):
    cfg = load_config(toy, {'train_cfg.max_epochs': at_most, 'optim_wrapper.optimizer.lr': 0.})
    cfg.custom_hooks = [dict(type='EarlyStoppingHook', monitor='accuracy/top1', patience=3)]
    return train(cfg, work_dir=str(folder), check=False, resume=resume).epoch


def test_it_stops_where_an_uncut_training_stops(toy, tmp_path):
    assert epochs(toy, tmp_path / 'whole', 9) == 4
    assert epochs(toy, tmp_path / 'cut', 2) == 2
    assert epochs(toy, tmp_path / 'cut', 9, 'auto') == 4
    assert epochs(toy, tmp_path / 'cut', 9, 'auto') == 4, 'what has stopped stays stopped'
