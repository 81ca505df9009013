"""The same clipped gradients; what the norm is, is asked later."""
import pytest
import torch
from mmengine.optim import OptimWrapper

from mmcomp.engine.optimizers import DeferredOptimWrapper
from mmcomp.testing.speed.gpu_speed import Waits


@pytest.mark.parametrize('clip', [dict(max_norm=.5), dict(type='value', clip_value=.1)])
def test_the_weights_are_those_of_the_stock_wrapper(clip):
    ends = []
    for kind in (OptimWrapper, DeferredOptimWrapper):
        weight = torch.nn.Parameter(torch.arange(6.))
        wrapper = kind(optimizer=torch.optim.SGD([weight], lr=.1), clip_grad=dict(clip))
        with Waits() as waits:
            wrapper.update_params((weight * torch.linspace(-1, 1, 6)).sum())
        ends.append(weight.detach())
        assert waits.count == 0 or kind is OptimWrapper
    torch.testing.assert_close(*ends, rtol=0, atol=0)
    if 'max_norm' in clip:
        assert wrapper.message_hub.get_scalar('train/grad_norm').current() == pytest.approx(
            torch.linspace(-1, 1, 6).norm().item())


def test_frozen_weights_alone_are_no_fault():
    weight = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    DeferredOptimWrapper(optimizer=torch.optim.SGD([weight], lr=.1), clip_grad=dict(max_norm=1.))._clip_grad()
