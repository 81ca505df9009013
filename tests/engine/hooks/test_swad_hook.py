"""The file holds the mean of the weights that a training had, also when it was resumed."""
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmcomp.apis import load_config, train
from mmcomp.apis.building import load_model
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.checkpoints.soup import find_members
from mmcomp.engine.hooks import SWADHook
from mmcomp.errors import ConfigError
from mmcomp.testing.toy_training import write_toy_config


def trained(config, folder, resume=None):
    cfg = load_config(config)
    cfg.train_cfg = dict(by_epoch=False, max_iters=12, val_interval=2)
    cfg.default_hooks.checkpoint.update(interval=5, by_epoch=False)
    cfg.default_hooks.logger = dict(type='LoggerHook', log_metric_by_epoch=False)
    cfg.custom_hooks = [dict(type='SWADHook', monitor='accuracy/top1', best=100, n_converge=2, n_tolerance=2)]
    train(cfg, work_dir=str(folder), check=False, resume=resume)


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    return write_toy_config(tmp_path_factory.mktemp('swad'))


@pytest.fixture(scope='module')
def whole(toy, tmp_path_factory):
    """A training's folder, the weights of all of its steps and the losses of its validations."""
    folder, weights, losses = tmp_path_factory.mktemp('whole'), {}, {}
    step, validated = SWADHook.after_train_iter, SWADHook.after_val_epoch

    def after_train_iter(self, runner, *args, **kwargs):
        weights[runner.iter + 1] = {name: value.clone() for name, value in runner.model.state_dict().items()}
        step(self, runner, *args, **kwargs)

    def after_val_epoch(self, runner, metrics=None):
        losses[runner.iter] = 100 - metrics['accuracy/top1']
        validated(self, runner, metrics)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SWADHook, 'after_train_iter', after_train_iter)
        patch.setattr(SWADHook, 'after_val_epoch', after_val_epoch)
        trained(toy, folder)
    return folder, weights, losses


def test_the_file_is_the_mean_of_the_weights_between(whole):
    folder, weights, validated = whole
    at, losses = list(validated), list(validated.values())
    assert at == [2, 4, 6, 8, 10, 12]
    start = next(i for i in range(len(losses) - 1) if losses[i] <= losses[i + 1])
    limit = 1.3 * (losses[start] + losses[start + 1]) / 2
    end = next((i - 1 for i in range(start, len(losses) - 1) if min(losses[i:i + 2]) > limit), len(losses) - 1)
    saved = load_checkpoint(folder / 'swad.pth')
    swad = saved['meta']['swad']
    assert (swad['first'], swad['last']) == (at[start] - 1, at[end]) and swad['limit'] == pytest.approx(limit)
    for name, value in saved['state_dict'].items():
        steps = torch.stack([weights[n][name] for n in range(swad['first'], swad['last'] + 1)])
        torch.testing.assert_close(value, steps.mean(dim=0), rtol=1e-5, atol=1e-6)
        assert value.dtype == steps.dtype


def test_it_is_a_plain_checkpoint_and_no_member_of_a_soup(toy, whole, tmp_path):
    folder = whole[0]
    model, meta = load_model(load_config(toy), str(folder / 'swad.pth'))
    assert not model.training and list(meta['dataset_meta']['classes']) == ['above', 'below']
    assert 'message_hub' not in load_checkpoint(folder / 'swad.pth') and meta['cfg']
    (tmp_path / 'swad.pth').write_bytes((folder / 'swad.pth').read_bytes())
    (tmp_path / 'other.pth').write_bytes((folder / 'iter_5.pth').read_bytes())
    assert [path.name for path in find_members(tmp_path)] == ['other.pth']


@pytest.mark.parametrize('cut', [5, 10])
def test_a_resumed_training_writes_the_same_file(toy, whole, tmp_path, cut):
    folder = whole[0]
    # Within a segment; and before the validation of the same iteration.
    trained(toy, tmp_path, resume=str(folder / f'iter_{cut}.pth'))
    one, other = (load_checkpoint(at / 'swad.pth') for at in (folder, tmp_path))
    assert one['meta']['swad'] == other['meta']['swad'] and one['state_dict'].keys() == other['state_dict'].keys()
    assert all(torch.equal(value, other['state_dict'][name]) for name, value in one['state_dict'].items())


def runner_of(**more):
    said = SimpleNamespace(info=print, warning=print)
    return SimpleNamespace(model=nn.Linear(2, 2), iter=0, val_loop=object(), logger=said, **more)


def test_faults(tmp_path, capsys):
    hook, runner = SWADHook('loss', n_converge=1), runner_of(work_dir=str(tmp_path))
    hook.before_train(runner)
    hook.after_train_iter(runner, 0)
    for metrics, what in ((dict(lost=1.0), 'Did you mean'), (dict(loss=-1.0), 'at least 0'),
                          (dict(loss=float('nan')), 'at least 0')):
        with pytest.raises(ConfigError, match=what):
            hook.after_val_epoch(runner, metrics)
    hook.after_train(runner)
    assert not (tmp_path / 'swad.pth').exists() and 'never validated' in capsys.readouterr().out
    runner.val_loop = None
    with pytest.raises(ConfigError, match='beside a validation'):
        hook.before_train(runner)
