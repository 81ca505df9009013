"""A diverged training ends at the first bad loss, unless a loss scaler can heal it."""
from types import SimpleNamespace

import pytest
import torch

from mmcomp.engine.hooks import FiniteLossHook
from mmcomp.errors import DataError


class Late:
    """An event of a device that is so many questions late."""

    def __init__(self, questions):
        self.questions = questions

    def query(self):
        self.questions -= 1
        return self.questions < 0

    def synchronize(self):
        self.questions = 0


def steps(losses, enabled=None, late=0, **kwargs):
    """Steps that passed before the hook raised; losses arrive ``late`` questions after their step."""
    scaler = {} if enabled is None else dict(loss_scaler=SimpleNamespace(is_enabled=lambda: enabled))
    runner = SimpleNamespace(iter=0, optim_wrapper=SimpleNamespace(**scaler))
    hook = FiniteLossHook(**kwargs)
    if late:
        hook.reads.put = lambda tag, tensor: hook.reads.waiting.append((tag, tensor, Late(late)))
    for runner.iter, loss in enumerate(losses):
        try:
            hook.after_train_iter(runner, runner.iter, outputs=dict(loss=torch.tensor(loss), grad_norm=float('nan')))
        except DataError as error:
            assert f'loss = {[x for x in losses if x != x or abs(x) == float("inf")][-1]}' in str(error)
            return runner.iter
    try:
        hook.before_save_checkpoint(runner, {})
    except DataError as error:
        return str(error)
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


def test_a_loss_that_is_late_is_found_late_but_before_a_checkpoint():
    bad = float('nan')
    assert steps([1., bad, 1., 1., 1.], late=1) == 2
    assert 'iteration 2: loss = nan' in steps([1., bad, 1.], late=100)
