"""What a config becomes on hosts with and without GPUs."""
import pytest
from mmengine.config import Config

from mmcomp.apis import host
from mmcomp.apis.host import adapt_to_host, ddp_wrapper_cfg, set_dataloader_defaults


@pytest.mark.parametrize(('gpus', 'device_ids'), [(0, None), (1, [0]), (4, [1]), (8, [5])])
def test_the_wrapper_gets_the_device_of_this_process(gpus, device_ids):
    wrapper = ddp_wrapper_cfg(Config(dict(find_unused_parameters=True)), gpus, local_rank=5)
    assert wrapper == dict(type='MMDistributedDataParallel', broadcast_buffers=False, find_unused_parameters=True,
                           device_ids=device_ids)


def test_what_the_config_says_of_the_wrapper_is_kept():
    said = dict(type='MMDistributedDataParallel', static_graph=True, find_unused_parameters=True)
    cfg = Config(dict(model_wrapper_cfg=said, find_unused_parameters=False))
    assert ddp_wrapper_cfg(cfg, 0, 0) == dict(said, device_ids=None)
    sharded = dict(type='MMFullyShardedDataParallel')
    assert ddp_wrapper_cfg(Config(dict(model_wrapper_cfg=sharded)), 2, 0) == sharded, 'it takes no device_ids'


@pytest.fixture
def cfg():
    return Config(dict(
        launcher='slurm', sync_bn='torch',
        model=dict(type='A', layers=[dict(norm_cfg=dict(type='SyncBN', eps=1e-3))]),
        optim_wrapper=dict(type='AmpOptimWrapper', dtype='bfloat16', loss_scale='dynamic', clip_grad=dict(max_norm=1.)),
        train_dataloader=dict(num_workers=2, pin_memory=True)))


def test_without_gpu_a_distributed_run_is_plain(cfg, monkeypatch, capsys):
    monkeypatch.setattr(host, 'gpu_count', lambda: 0)
    monkeypatch.setenv('LOCAL_RANK', '1')
    monkeypatch.setenv('RANK', '0')
    adapt_to_host(cfg, 'pytorch')
    assert cfg.launcher == 'pytorch' and cfg.sync_bn is None
    assert cfg.model.layers[0].norm_cfg == dict(type='BN', eps=1e-3)
    assert cfg.optim_wrapper == dict(type='AutocastOptimWrapper', dtype='bfloat16', loss_scale='dynamic',
                                     clip_grad=dict(max_norm=1.))
    assert not cfg.train_dataloader.pin_memory and cfg.model_wrapper_cfg.device_ids is None
    assert capsys.readouterr().err.count('no GPU here') == 1


def test_with_gpus_a_config_stays_as_written(cfg, monkeypatch, capsys):
    monkeypatch.setattr(host, 'gpu_count', lambda: 2)
    monkeypatch.setenv('LOCAL_RANK', '1')
    written = cfg.to_dict()
    adapted = adapt_to_host(cfg, 'pytorch').to_dict()
    assert adapted.pop('model_wrapper_cfg')['device_ids'] == [1]
    assert adapted == dict(written, launcher='pytorch') and not capsys.readouterr().err


def test_one_process_needs_no_wrapper(cfg):
    assert 'model_wrapper_cfg' not in adapt_to_host(cfg, 'none') and cfg.launcher == 'none'


def test_loaders_get_the_defaults_of_the_field():
    cfg = Config(dict(
        train_dataloader=dict(num_workers=2), val_dataloader=dict(num_workers=0, persistent_workers=True),
        test_dataloader=dict(num_workers=2, pin_memory=False, collate_fn=dict(type='pseudo_collate'))))
    set_dataloader_defaults(cfg)
    assert cfg.train_dataloader == dict(num_workers=2, pin_memory=True, persistent_workers=True,
                                        collate_fn=dict(type='default_collate'))
    assert not cfg.val_dataloader.persistent_workers, 'torch refuses it without workers'
    assert not cfg.test_dataloader.pin_memory and cfg.test_dataloader.collate_fn.type == 'pseudo_collate'
    set_dataloader_defaults(cfg, pin_memory=False, persistent_workers=False)
    assert not cfg.train_dataloader.pin_memory and not cfg.train_dataloader.persistent_workers


def test_half_precision_becomes_bfloat16_and_that_is_said(cfg, monkeypatch, capsys):
    monkeypatch.setattr(host, 'gpu_count', lambda: 0)
    cfg.optim_wrapper.dtype = 'float16'
    adapt_to_host(cfg, 'none')
    assert cfg.optim_wrapper.type == 'AutocastOptimWrapper'
    assert 'mixed precision is bfloat16, not float16' in capsys.readouterr().err
