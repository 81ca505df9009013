"""Signals are answered during a training and given back after it. Saving and leaving: conformance/disturbed.py."""
import os
import signal

import pytest

from mmcomp.apis import load_config, train
from mmcomp.engine.hooks import PreemptionHook
from mmcomp.testing.toy_training import write_toy_config


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    return write_toy_config(tmp_path_factory.mktemp('toy'))


def test_it_saves_leaves_a_marker_and_goes_on(toy, tmp_path, monkeypatch):
    stock = PreemptionHook.after_train_iter

    def asked_at_step_3(hook, runner, *args, **kwargs):
        if runner.iter == 2:
            os.kill(os.getpid(), signal.SIGUSR1)
        stock(hook, runner, *args, **kwargs)

    monkeypatch.setattr(PreemptionHook, 'after_train_iter', asked_at_step_3)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGUSR1)]
    with pytest.raises(SystemExit) as left:
        train(toy, work_dir=str(tmp_path), check=False)
    assert left.value.code == 85
    assert {'PREEMPTED', 'interrupted.pth'} <= {path.name for path in tmp_path.iterdir()}
    monkeypatch.undo()
    runner = train(toy, work_dir=str(tmp_path), check=False, resume='auto')
    assert runner.iter == 8 and not (tmp_path / 'PREEMPTED').exists()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGUSR1)] == before


def test_asking_the_other_ranks_can_be_rare(toy, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(PreemptionHook, '_anyone_asked', lambda hook: asked.append(1))
    cfg = load_config(toy, {'train_cfg.max_epochs': 3})
    cfg.custom_hooks = [dict(type='PreemptionHook', interval=5)]
    train(cfg, work_dir=str(tmp_path), check=False, validate=False)
    assert len(asked) == 12 // 5
