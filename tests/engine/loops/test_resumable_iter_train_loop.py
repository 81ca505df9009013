"""A training counted in iterations, cut in two, ends as one that was not."""
import pytest
import torch
from mmengine.config import Config

from mmcomp.apis import train
from mmcomp.errors import ConfigError
from mmcomp.testing.toy_training import write_toy_config


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    cfg = Config.fromfile(write_toy_config(tmp_path_factory.mktemp('toy'), images_per_class=10))
    pipeline = cfg.train_dataloader.dataset.pipeline
    cfg.train_dataloader.dataset.pipeline = [pipeline[0], dict(type='RandomCrop', crop_size=32, padding=4), pipeline[1]]
    return cfg


def run(toy, folder, iterations, sampler='DefaultSampler', **loader):
    cfg = toy.copy()
    cfg.train_dataloader = dict(cfg.train_dataloader, sampler=dict(type=sampler, shuffle=True), **loader)
    cfg.train_cfg = dict(by_epoch=False, max_iters=iterations, val_interval=4)
    cfg.default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=3, by_epoch=False))
    return train(cfg, work_dir=str(folder), check=False, resume='auto')


@pytest.mark.parametrize('sampler', ['DefaultSampler', 'InfiniteSampler'])
def test_cut_in_two(toy, tmp_path, sampler):
    whole = run(toy, tmp_path / 'whole', 9, sampler)
    run(toy, tmp_path / 'cut', 5, sampler)
    resumed = run(toy, tmp_path / 'cut', 9, sampler)
    for (name, expected), (_, value) in zip(whole.model.state_dict().items(), resumed.model.state_dict().items(),
                                            strict=True):
        assert torch.equal(expected, value), name
    losses = [runner.message_hub.get_scalar('train/loss').data[0].tolist() for runner in (whole, resumed)]
    assert losses[0] == losses[1] and len(losses[0]) == 9


def test_a_training_without_a_batch_is_refused(toy, tmp_path):
    with pytest.raises(ConfigError, match='batch_size.*at most 20'):
        run(toy, tmp_path, 5, batch_size=32)
