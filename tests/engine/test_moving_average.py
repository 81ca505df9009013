"""The usual moving average of weights is that of the closed form, and what is saved."""
from types import SimpleNamespace

import torch
from mmengine.hooks import EMAHook
from torch import nn

DECAY, STEPS = .995, 40


def test_after_n_steps_along_one_gradient_it_is_the_closed_form():
    model = nn.Linear(3, 2)
    start, step = model.weight.detach().clone(), torch.full((2, 3), .1)
    runner = SimpleNamespace(model=model, iter=0, epoch=0)
    hook = EMAHook(ema_type='ExponentialMovingAverage', momentum=1 - DECAY)
    hook.before_run(runner)
    runner.iter = 0
    for runner.iter in range(STEPS):
        with torch.no_grad():
            model.weight += step
        hook.after_train_iter(runner, 0)
    # The first update copies: the average starts at w_1, and w_k = w_0 + k s.
    # a_n = w_n - s (d + d^2 + … + d^(n-1)), the sum of what it lags behind.
    lag = sum(DECAY**k for k in range(1, STEPS))
    torch.testing.assert_close(hook.ema_model.module.weight, start + step * (STEPS - lag), rtol=1e-5, atol=1e-5)
    checkpoint = dict(state_dict=dict(model.state_dict()))
    hook.before_save_checkpoint(runner, checkpoint)
    assert torch.equal(checkpoint['state_dict']['weight'], hook.ema_model.module.weight)
    assert torch.equal(checkpoint['ema_state_dict']['module.weight'], model.weight)
