"""The averages are mmengine's to the bit."""
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.model import ExponentialMovingAverage
from torch import nn

from mmcomp.registry import MODELS

DECAY, STEPS = .995, 40


@pytest.mark.parametrize('options', [dict(), dict(update_buffers=True), dict(interval=2, momentum=0.3)])
def test_as_mmengine(options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2).half())
    model[0].weight.requires_grad = False
    averages = [ExponentialMovingAverage(model, **options),
                MODELS.build(dict(type='ForeachMovingAverage', model=model, **options))]
    start = averages[0].state_dict()['module.1.weight'].clone()
    for _ in range(5):
        model[1](torch.randn(8, 4))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += torch.randn(parameter.shape)
        for average in averages:
            average.update_parameters(model)
    want, got = (average.state_dict() for average in averages)
    assert want.keys() == got.keys() and not torch.equal(got['module.1.weight'], start)
    for name, value in want.items():
        torch.testing.assert_close(got[name], value, rtol=0, atol=0)


def test_a_model_without_buffers():
    model = nn.Linear(2, 2)
    average = MODELS.build(dict(type='ForeachMovingAverage', model=model, momentum=0.5))
    average.update_parameters(model)
    with torch.no_grad():
        model.weight += 2
    before = average.module.weight.clone()
    average.update_parameters(model)
    torch.testing.assert_close(average.module.weight, before + 1)


@pytest.mark.parametrize('kind', ['ExponentialMovingAverage', 'ForeachMovingAverage'])
def test_after_n_steps_along_one_gradient_it_is_the_closed_form(kind):
    model = nn.Linear(3, 2)
    start, step = model.weight.detach().clone(), torch.full((2, 3), .1)
    runner = SimpleNamespace(model=model, iter=0, epoch=0)
    hook = EMAHook(ema_type=kind, momentum=1 - DECAY)
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
