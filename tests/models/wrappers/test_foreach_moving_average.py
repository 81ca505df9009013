"""The averages are mmengine's to the bit."""
import pytest
import torch
from mmengine.model import ExponentialMovingAverage
from torch import nn

from mmcomp.registry import MODELS


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
