"""Options merged into a config, faults before the start, and the checkpoint to go on from."""
import os

import pytest
import torch
from mmengine.config import Config

from mmcomp.apis.config import load_config
from mmcomp.apis.resuming import newest_checkpoint, settle_start
from mmcomp.apis.training import TrainOptions, merge_options, refuse_faults, train
from mmcomp.errors import CheckpointError, ConfigError
from mmcomp.testing.toy_training import write_toy_config


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    return write_toy_config(tmp_path_factory.mktemp('toy'))


@pytest.fixture
def cfg():
    return Config(dict(work_dir='of the config', optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1))))


def merged(cfg, **options):
    return merge_options(cfg, TrainOptions(**options))


def test_the_work_folder_is_the_options_else_the_configs_else_its_name(cfg, toy):
    assert merged(cfg, work_dir='mine').work_dir == 'mine'
    assert merged(cfg).work_dir == 'of the config'
    assert merged(Config.fromfile(toy)).work_dir == os.path.join('work_dirs', 'toy')
    with pytest.raises(ConfigError, match='work_dir'):
        merged(Config(dict(a=1)))


def test_merging_leaves_the_config_alone(cfg):
    before = cfg.to_dict()
    merged(cfg, amp=True, seed=3, resume='auto', load_from='x.pth', validate=False)
    assert cfg.to_dict() == before


@pytest.mark.parametrize(('written', 'options', 'dtype', 'loss_scale'), [
    ({}, {}, 'float16', 'dynamic'),
    ({}, dict(amp_dtype='bfloat16'), 'bfloat16', dict(enabled=False)),
    (dict(type='AmpOptimWrapper', dtype='bfloat16', loss_scale=512.), {}, 'bfloat16', 512.),
])
def test_mixed_precision(cfg, written, options, dtype, loss_scale):
    cfg.optim_wrapper.update(written)
    wrapper = merged(cfg, amp=True, **options).optim_wrapper
    assert (wrapper.type, wrapper.dtype, wrapper.loss_scale) == ('AmpOptimWrapper', dtype, loss_scale)


def test_mixed_precision_of_another_wrapper_is_refused(cfg):
    cfg.optim_wrapper.type = 'ApexOptimWrapper'
    with pytest.raises(ConfigError, match='ApexOptimWrapper'):
        merged(cfg, amp=True)


def test_scaling_the_learning_rate_needs_its_batch_size(cfg):
    with pytest.raises(ConfigError, match='base_batch_size'):
        merged(cfg, auto_scale_lr=True)
    cfg.auto_scale_lr = dict(base_batch_size=1024)
    assert merged(cfg, auto_scale_lr=True).auto_scale_lr.enable


def test_seed_and_validation(cfg):
    cfg.randomness = dict(seed=1, diff_rank_seed=True)
    cfg.update(val_cfg={}, val_dataloader={}, val_evaluator={})
    new = merged(cfg, seed=0, deterministic=True, validate=False)
    assert new.randomness == dict(seed=0, diff_rank_seed=True, deterministic=True)
    assert new.val_cfg is new.val_dataloader is new.val_evaluator is None


def checkpoint(folder, name, age_s=0):
    path = folder / name
    torch.save(dict(state_dict={}), path)
    os.utime(path, (1e9 - age_s, 1e9 - age_s))
    return str(path)


def test_the_newest_checkpoint_is_the_one_pointed_at(tmp_path):
    assert newest_checkpoint(tmp_path) is None
    first, _ = checkpoint(tmp_path, 'epoch_1.pth'), checkpoint(tmp_path, 'epoch_2.pth')
    (tmp_path / 'last_checkpoint').write_text(first)
    assert newest_checkpoint(tmp_path) == first
    (tmp_path / 'last_checkpoint').write_text('old/place/of/the/folder/epoch_1.pth\n')
    assert newest_checkpoint(tmp_path) == first, 'the folder was moved'


@pytest.mark.parametrize('pointer', [None, '', 'epoch_12.pth', 'epoch_30.pth'])
def test_without_a_good_pointer_it_is_the_newest_whole_file(tmp_path, pointer, capsys):
    for name in ('epoch_9.pth', 'best_epoch_99.pth', 'epoch_11.pth', 'epoch_12.pth'):
        checkpoint(tmp_path, name)
    torn = tmp_path / 'epoch_12.pth'
    torn.write_bytes(torn.read_bytes()[:-100])
    if pointer is not None:
        (tmp_path / 'last_checkpoint').write_text(pointer)
    assert newest_checkpoint(tmp_path) == str(tmp_path / 'epoch_11.pth')
    assert ('missing or torn' in capsys.readouterr().err) is (pointer is not None)
    older = checkpoint(tmp_path, 'iter_500.pth', age_s=9)
    assert newest_checkpoint(tmp_path) != older
    assert newest_checkpoint(tmp_path) == str(tmp_path / 'epoch_11.pth')


@pytest.mark.parametrize(('written', 'options', 'there', 'start'), [
    ({}, {}, True, (None, False)),
    ({}, dict(resume='auto'), True, ('epoch_1.pth', True)),
    ({}, dict(resume='auto'), False, (None, False)),
    ({}, dict(resume='x.pth'), True, ('x.pth', True)),
    ({}, dict(load_from='w.pth'), True, ('w.pth', False)),
    ({}, dict(load_from='w.pth', resume='auto'), True, ('epoch_1.pth', True)),
    ({}, dict(load_from='w.pth', resume='auto'), False, ('w.pth', False)),
    (dict(load_from='f.pth'), dict(resume='auto'), False, ('f.pth', False)),
    (dict(load_from='f.pth', resume=True), {}, True, ('f.pth', True)),
    (dict(resume=True), {}, True, ('epoch_1.pth', True)),
])
def test_where_a_training_starts(cfg, tmp_path, monkeypatch, written, options, there, start):
    if there:
        checkpoint(tmp_path, 'epoch_1.pth')
    monkeypatch.chdir(tmp_path)
    for name in ('x.pth', 'f.pth'):
        checkpoint(tmp_path, name)
    cfg.update(written)
    new = merged(cfg, work_dir=str(tmp_path), **options)
    settle_start(new)
    assert (new.load_from and os.path.basename(new.load_from), new.resume) == start


def test_two_checkpoints_to_start_from_are_refused(cfg):
    with pytest.raises(ConfigError, match='one checkpoint'):
        merged(cfg, load_from='a.pth', resume='b.pth')


def test_a_missing_checkpoint_is_said_before_anything_starts(toy, tmp_path):
    for option in ('load_from', 'resume'):
        with pytest.raises(CheckpointError, match='no such checkpoint file: nowhere.pth'):
            train(toy, work_dir=str(tmp_path / 'run'), check=False, **{option: 'nowhere.pth'})
    assert not (tmp_path / 'run').exists()


def test_all_faults_of_a_config_are_said_before_anything_starts(toy, tmp_path):
    wrong = Config.fromfile(toy)
    wrong.model.head.type = 'LinearClsHed'
    wrong.train_dataloader.dataset.image_root = str(tmp_path / 'nowhere')
    with pytest.raises(ConfigError) as error:
        train(wrong, work_dir=str(tmp_path / 'run'))
    assert 'LinearClsHed' in str(error.value) and 'nowhere' in str(error.value) and '--skip-check' in str(error.value)
    assert not (tmp_path / 'run').exists()


def test_data_needed_only_later_does_not_stop_a_training(toy, tmp_path):
    cfg = Config.fromfile(toy)
    cfg.test_dataloader = dict(cfg.val_dataloader, dataset=dict(cfg.dataset, image_root=str(tmp_path / 'nowhere')))
    cfg.test_evaluator, cfg.test_cfg = cfg.val_evaluator, {}
    refuse_faults(cfg)
    cfg.val_dataloader = cfg.test_dataloader
    with pytest.raises(ConfigError, match='nowhere'):
        refuse_faults(cfg)


def test_a_warm_up_of_less_than_a_step_is_explained(toy, tmp_path):
    cfg = load_config(toy)
    cfg.param_scheduler = [dict(type='LinearLR', by_epoch=True, end=.2, convert_to_iter_based=True)]
    with pytest.raises(ConfigError, match='param_scheduler.*end=0.*lower the batch size'):
        train(cfg, work_dir=str(tmp_path), check=False, validate=False)


def test_switches_for_large_models(cfg):
    cfg.custom_hooks = [dict(type='CompileHook', backend='eager')]
    found = merged(cfg, fsdp=True, activation_checkpointing=True, compile=True, channels_last=True, accumulate=3)
    assert found.model_wrapper_cfg.type == 'FullyShardedModel' and found.optim_wrapper.accumulative_counts == 3
    assert found.custom_hooks == [
        *cfg.custom_hooks, dict(type='ActivationCheckpointingHook'), dict(type='ChannelsLastHook')]
    with pytest.raises(ConfigError, match='at least 1; got 0'):
        merged(cfg, accumulate=0)
    with pytest.raises(ConfigError, match='`optim_wrapper` must be in the config'):
        merge_options(Config(dict(work_dir='w')), TrainOptions(accumulate=2))
