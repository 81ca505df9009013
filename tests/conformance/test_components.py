"""Every head, loss, neck and backbone of ours keeps the promises of its room.

A component without a row in ``ROWS`` is a failure: add one.
"""
import copy
import inspect

import pytest
import torch
from mmpretrain.structures import DataSample

import mmcomp.models  # noqa: F401  (registers)
from mmcomp.registry import MODELS

ROOMS = ('heads', 'losses', 'necks', 'backbones', 'fusion')
ELSEWHERE = ('AverageLogitsTTA', )  # wrappers of whole models have tests of their own
CLASSES, WIDTH = 5, 8
ROWS = {
    'ArcFaceHead': [dict(num_subcenters=3), dict(margin=0.3), dict(loss=dict(type='SoftmaxEQLLoss', num_classes=5))],
    'LogitAdjustedLinearHead': [dict(), dict(loss=dict(type='BalancedSoftmaxLoss', num_classes=5))],
    'SoftmaxEQLLoss': [dict(), dict(indicator='pos_neg_ratio')],
    'LogitAdjustedLoss': [dict(tau=0.5)],
    'BalancedSoftmaxLoss': [dict()],
    'HuggingFaceImageBackbone': [dict(config=dict(
        model_type='vit', image_size=16, patch_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8))],
}


def _registered(room):
    return sorted(name for name, kind in MODELS.module_dict.items()
                  if inspect.getmodule(kind).__name__.startswith(f'mmcomp.models.{room}.'))


def _cases(room):
    return [pytest.param(dict(type=name, **row), id=f'{name}-{i}')
            for name in _registered(room) for i, row in enumerate(ROWS.get(name, []))]


def _build(cfg, **extra):
    torch.manual_seed(0)
    module = MODELS.build(dict(**cfg, **extra))
    for part in module.modules():
        if hasattr(part, 'set_class_counts'):
            part.set_class_counts([50, 20, 5, 1, 0])
    return module


def _same_state(one, other):
    assert one.state_dict().keys() == other.state_dict().keys()
    for key, value in one.state_dict().items():
        torch.testing.assert_close(other.state_dict()[key], value, rtol=0, atol=0)


def _check(run, module, fresh):
    """``run(module)`` is a finite scalar that reaches every parameter, and a
    module that loads the state of another computes the same."""
    loss = run(module)
    assert loss.ndim == 0 and torch.isfinite(loss)
    loss.backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all() and parameter.grad.any(), name
    with torch.no_grad():
        for parameter in fresh.parameters():
            parameter += 1
    fresh.load_state_dict(copy.deepcopy(module.state_dict()))
    _same_state(module, fresh)
    torch.testing.assert_close(run(fresh.eval()), run(module.eval()))


def test_every_component_has_a_row():
    ours = {name for room in ROOMS for name in _registered(room)}
    assert sorted(ours - ROWS.keys()) == []
    assert sorted(ROWS.keys() - ours) == []
    everything = {name for name, kind in MODELS.module_dict.items()
                  if inspect.getmodule(kind).__name__.startswith('mmcomp.models')}
    assert sorted(everything - ours - {*ELSEWHERE}) == []


@pytest.mark.parametrize('cfg', _cases('heads'))
def test_heads(cfg):
    features = torch.randn(12, WIDTH, generator=torch.Generator().manual_seed(1))
    samples = [DataSample().set_gt_label(i % CLASSES) for i in range(12)]
    extra = dict(num_classes=CLASSES, in_channels=WIDTH)
    head = _build(cfg, **extra)
    _check(lambda h: h.loss((features, ), samples)['loss'], head, _build(cfg, **extra))
    predictions = head.predict((features, ))
    scores = torch.stack([sample.pred_score for sample in predictions])
    assert scores.shape == (12, CLASSES)
    torch.testing.assert_close(scores.sum(1), torch.ones(12))
    assert [int(sample.pred_label) for sample in predictions] == scores.argmax(1).tolist()


@pytest.mark.parametrize('cfg', _cases('losses'))
def test_losses(cfg):
    loss, fresh = _build(cfg, num_classes=CLASSES), _build(cfg, num_classes=CLASSES)
    labels = torch.arange(12) % CLASSES

    def run(module):
        logits = torch.randn(12, CLASSES, generator=torch.Generator().manual_seed(1)).requires_grad_()
        value = module(logits, labels, avg_factor=12)
        gradient, = torch.autograd.grad(value, logits, retain_graph=True)
        assert torch.isfinite(gradient).all() and (gradient.gather(1, labels[:, None]) < 0).all()
        return value

    _check(run, loss, fresh)


@pytest.mark.parametrize('cfg', _cases('backbones'))
def test_backbones(cfg):
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    weights = torch.randn(1, generator=torch.Generator().manual_seed(2))

    def run(module):
        features = module(images)
        assert isinstance(features, tuple)
        return (features[-1] * weights).square().sum()

    _check(run, _build(cfg), _build(cfg))
