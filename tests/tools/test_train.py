"""The train tool: its command line, and a training that ends, resumes and leaves whole files."""
import pytest
import torch
from mmengine.config import Config

from mmcomp.apis import training
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.errors import CheckpointError, ConfigError
from mmcomp.testing.toy_training import write_toy_config


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    return str(write_toy_config(tmp_path_factory.mktemp('toy')))


def weights(path) -> dict:
    return load_checkpoint(path)['state_dict']


def test_a_training_resumes_where_it_stopped(tool, toy, tmp_path):
    main, one, two = tool('train').main, tmp_path / 'one', tmp_path / 'two'
    main([toy, str(one)])
    main([toy, '--work-dir', str(two), '--resume', '--cfg-options', 'train_cfg.max_epochs=1'])
    assert sorted(p.name for p in two.glob('*.pth')) == ['epoch_1.pth']
    first = weights(one / 'epoch_1.pth')
    assert any(not torch.equal(first[k], v) for k, v in weights(one / 'epoch_2.pth').items()), 'it learns'
    main([toy, '--work-dir', str(two), '--resume'])
    expected = weights(one / 'epoch_2.pth')
    for key, value in weights(two / 'epoch_2.pth').items():
        torch.testing.assert_close(value, expected[key])
    dumped = Config.fromfile(one / 'toy.py')
    assert dumped.work_dir == str(one) and dumped.default_scope == 'mmcomp' and dumped.launcher == 'none'


def test_weights_to_start_from_are_loaded(tool, toy, tmp_path):
    tool('train').main([toy, str(tmp_path / 'a'), '--cfg-options', 'train_cfg.max_epochs=1'])
    start = tmp_path / 'a' / 'epoch_1.pth'
    tool('train').main([toy, str(tmp_path / 'b'), '--load-from', str(start), '--no-validate', '--seed', '5',
                        '--cfg-options', 'train_cfg.max_epochs=1', 'optim_wrapper.optimizer.lr=0.0'])
    for key, value in weights(start).items():
        torch.testing.assert_close(weights(tmp_path / 'b' / 'epoch_1.pth')[key], value)


def test_the_command_line_reaches_the_training(tool, toy, monkeypatch):
    seen = {}
    monkeypatch.setattr(training, 'train', lambda cfg, **options: seen.update(options, cfg=cfg))
    main = tool('train').main
    main([toy, 'out', '--amp', '--auto-scale-lr', '--no-pin-memory', '--launcher', 'slurm', '--skip-check',
          '--local_rank=0', '--cfg-options', 'train_dataloader.batch_size=3', 'a=[1, 2]'])
    assert seen.pop('cfg').train_dataloader.batch_size == 3
    assert {k for k, v in seen.items() if v} == {'work_dir', 'amp', 'auto_scale_lr', 'launcher',
                                                 'persistent_workers', 'validate'}
    main([toy, '--resume', '--amp-dtype', 'bfloat16', '--no-validate', '--no-persistent-workers'])
    assert (seen['resume'], seen['amp'], seen['amp_dtype']) == ('auto', True, 'bfloat16')
    assert seen['check'] and not seen['validate'] and not seen['persistent_workers'] and seen['launcher'] == 'none'


def test_two_work_folders_are_refused(tool, toy, capsys):
    with pytest.raises(SystemExit):
        tool('train').parse_args([toy, 'a', '--work-dir', 'b'])
    assert 'give one' in capsys.readouterr().err


@pytest.mark.parametrize(('args', 'error', 'said'), [
    (['--resume', 'nowhere.pth'], CheckpointError, 'nowhere.pth'),
    (['--cfg-options', 'model.head.type=LinearClsHed'], ConfigError, 'LinearClsHead'),
    (['--cfg-options', 'train_dataloadr.batch_size=1'], ConfigError, 'train_dataloader'),
])
def test_faults_are_one_clear_error(tool, toy, tmp_path, args, error, said):
    with pytest.raises(error, match=said):
        tool('train').main([toy, str(tmp_path / 'run'), *args])
