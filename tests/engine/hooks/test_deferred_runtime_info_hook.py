"""A training asks its device for numbers when it logs, not at every step."""
import pytest
import torch
from mmengine.hooks import RuntimeInfoHook
from mmengine.runner import Runner

from mmcomp.apis import load_config
from mmcomp.apis.resuming import use_resumable_parts
from mmcomp.engine.hooks import DeferredRuntimeInfoHook
from mmcomp.testing.speed.gpu_speed import Waits
from mmcomp.testing.toy_training import write_toy_config


def trained(tmp_path, name, deferred):
    """A runner after 8 steps with a log line every 4, and how often a step asked for a number."""
    cfg = load_config(write_toy_config(tmp_path / 'data'), dict(
        work_dir=str(tmp_path / name), experiment_name=name, default_scope='mmcomp', val_dataloader=None, val_cfg=None,
        val_evaluator=None, optim_wrapper=dict(clip_grad=dict(max_norm=1.)),
        default_hooks=dict(logger=dict(type='LoggerHook', interval=4), checkpoint=dict(interval=-1))))
    if deferred:
        use_resumable_parts(cfg)
    torch.manual_seed(0)
    runner = Runner.from_cfg(cfg)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    waits, stock = Waits(), runner.optim_wrapper.update_params

    def step(*args, **kwargs):
        with waits:
            return stock(*args, **kwargs)

    runner.optim_wrapper.update_params = step
    after = RuntimeInfoHook.after_train_iter if not deferred else DeferredRuntimeInfoHook.after_train_iter
    hook = next(hook for hook in runner.hooks if isinstance(hook, RuntimeInfoHook))

    def after_train_iter(*args, **kwargs):
        with waits:
            after(hook, *args, **kwargs)

    hook.after_train_iter = after_train_iter
    runner.train()
    return runner, waits.count


def test_no_step_waits_and_the_log_is_the_same(tmp_path):
    stock, asked = trained(tmp_path, 'stock', False)
    ours, ours_asked = trained(tmp_path, 'ours', True)
    assert asked >= 2 * 8 and ours_asked == 0, 'the stock parts ask for loss and norm'
    for key in ('train/loss', 'train/grad_norm', 'train/lr'):
        found, expected = (runner.message_hub.get_scalar(key).data[0] for runner in (ours, stock))
        assert len(found) == 8 and found.tolist() == pytest.approx(expected.tolist(), rel=1e-6)
