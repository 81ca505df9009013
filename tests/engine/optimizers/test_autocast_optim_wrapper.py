"""Mixed precision on the CPU."""
import pytest
import torch
from mmengine.optim import AmpOptimWrapper
from torch import nn

from mmcomp.registry import OPTIM_WRAPPERS


@pytest.fixture
def wrapper():
    layer = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    cfg = dict(type='AutocastOptimWrapper', dtype='float16', loss_scale='dynamic', clip_grad=dict(max_norm=1.0))
    return layer, OPTIM_WRAPPERS.build(cfg, default_args=dict(optimizer=optimizer))


@pytest.mark.skipif(torch.cuda.is_available(), reason='a GPU takes the stock path')
def test_it_computes_in_bfloat16_and_steps_in_float32(wrapper):
    layer, wrapper = wrapper
    assert isinstance(wrapper, AmpOptimWrapper) and not wrapper.loss_scaler.is_enabled()
    inputs, before = torch.randn(8, 4), layer.weight.detach().clone()
    with wrapper.optim_context(layer):
        outputs = layer(inputs)
    assert outputs.dtype == torch.bfloat16
    expected = torch.nn.functional.linear(inputs.bfloat16(), layer.weight.bfloat16(), layer.bias.bfloat16())
    torch.testing.assert_close(outputs, expected)
    wrapper.update_params(outputs.float().square().mean())
    assert layer.weight.dtype == torch.float32 and not torch.equal(layer.weight, before)


def test_its_state_goes_both_ways(wrapper):
    _, wrapper = wrapper
    state = wrapper.state_dict()
    wrapper.load_state_dict(state)
    wrapper.load_state_dict({**wrapper.state_dict(), 'loss_scaler': dict(scale=1.0)})
