"""A diverged training ends at the first bad loss, unless a loss scaler can heal it."""
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import RuntimeInfoHook
from mmengine.logging import MessageHub

from mmcomp.engine.hooks import FiniteLossHook
from mmcomp.errors import DataError


def steps(losses, enabled=None, recorded=True, **kwargs):
    """Steps that passed before the hook raised; unless ``recorded``, nothing brings losses to the message hub."""
    scaler = {} if enabled is None else dict(loss_scaler=SimpleNamespace(is_enabled=lambda: enabled))
    runner = SimpleNamespace(iter=0, message_hub=MessageHub('losses'), optim_wrapper=SimpleNamespace(**scaler),
                             hooks=[RuntimeInfoHook()] if recorded else [])
    hook = FiniteLossHook(**kwargs)
    for runner.iter, loss in enumerate(losses):
        if recorded:
            runner.message_hub.update_scalar('train/loss', loss)
            runner.message_hub.update_scalar('train/grad_norm', float('nan'))
        try:
            hook.after_train_iter(runner, runner.iter, outputs=dict(loss=torch.tensor(loss), grad_norm=0))
        except DataError as error:
            assert f'iteration {runner.iter + 1}: loss = {loss}' in str(error)
            return runner.iter
    return len(losses)


@pytest.mark.parametrize('bad', [float('nan'), float('inf'), float('-inf')])
def test_the_first_bad_loss_ends_it(bad):
    assert steps([1., 2., bad, 1.]) == 2
    assert steps([1., 2., bad, 1.], enabled=False) == 2
    assert steps([1., 1e38, -5.]) == 3


def test_a_loss_scaler_may_heal_a_few_in_a_row():
    bad = float('nan')
    assert steps([bad, bad, 1., bad, bad, 1.], enabled=True, patience=2) == 6
    assert steps([1., bad, bad, bad, 1.], enabled=True, patience=2) == 3


def test_without_the_hook_that_records_losses():
    assert steps([1., float('nan')], recorded=False) == 1
