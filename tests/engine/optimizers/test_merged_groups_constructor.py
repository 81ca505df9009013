import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmcomp.engine.optimizers.merged_groups_constructor import merge_groups


def trained(constructor, **optimizer):
    """Groups and weights after three steps of one model."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.ReLU(), nn.Linear(4, 4), nn.LayerNorm(4),
                          nn.Linear(4, 2))
    paramwise = dict(norm_decay_mult=0., bias_decay_mult=0., bias_lr_mult=2.,
                     custom_keys={'3.weight': dict(lr_mult=.1)})
    wrapper = build_optim_wrapper(model, dict(
        type='OptimWrapper', optimizer=dict(type='AdamW', lr=.01, weight_decay=.3, **optimizer),
        constructor=constructor, paramwise_cfg=paramwise, clip_grad=dict(max_norm=1.)))
    for _ in range(3):
        wrapper.update_params(model(torch.randn(5, 3)).square().mean())
    return wrapper.param_groups, [p.detach().clone() for p in model.parameters()]


def test_fewer_groups_make_the_same_update():
    stock_groups, stock = trained('DefaultOptimWrapperConstructor')
    for optimizer in ({}, {'foreach': True}, {'fused': True}):
        groups, weights = trained('MergedGroupsConstructor', **optimizer)
        assert (len(stock_groups), len(groups)) == (11, 5), 'mmengine adds one without parameters'
        for mine, theirs in zip(weights, stock, strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-7)


def test_every_parameter_keeps_its_options():
    stock, merged = ({id(p): (g['lr'], g['weight_decay']) for g in trained(c)[0] for p in g['params']}.values()
                     for c in ('DefaultOptimWrapperConstructor', 'MergedGroupsConstructor'))
    assert sorted(stock) == sorted(merged)


def test_groups_of_equal_options_are_joined_in_order():
    groups = [dict(params=['a'], lr=1), dict(params=['b']), dict(params=['c', 'd'], lr=1), dict(params=['e'], lr=2)]
    assert merge_groups(groups) == [dict(params=['a', 'c', 'd'], lr=1), dict(params=['b']), dict(params=['e'], lr=2)]
    assert groups[0]['params'] == ['a'], 'the input is as it was'
