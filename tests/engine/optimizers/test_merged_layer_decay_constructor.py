"""Each layer of a text encoder learns at its own rate, in a group or two."""
import pytest
import torch
from mmengine.optim import build_optim_wrapper

from mmcomp.apis import build
from mmcomp.engine.optimizers import MergedLayerDecayConstructor  # noqa: F401  (registers)

LAYERS, RATE, LR = 3, .5, .08


def model():
    torch.manual_seed(0)
    bert = dict(model_type='bert', vocab_size=20, hidden_size=8, num_hidden_layers=LAYERS, num_attention_heads=2,
                intermediate_size=16, max_position_embeddings=16, hidden_dropout_prob=0.,
                attention_probs_dropout_prob=0.)
    return build(dict(type='SequenceClassifier', backbone=dict(type='HuggingFaceTextEncoder', config=bert),
                      neck=dict(type='AttentionPooling', in_channels=8),
                      head=dict(type='DropoutLinearHead', num_classes=2, in_channels=8, dropout=0.)))


def optim_wrapper(classifier, constructor):
    return build_optim_wrapper(classifier, dict(
        type='OptimWrapper', optimizer=dict(type='AdamW', lr=LR, weight_decay=.1), constructor=constructor,
        paramwise_cfg=dict(layer_decay_rate=RATE, norm_decay_mult=0., bias_decay_mult=0.)))


def expected_rate(name):
    """By the name alone: how many layers are between it and the head?"""
    above = 0
    if '.embeddings.' in name:
        above = LAYERS + 1
    elif '.encoder.layer.' in name:
        above = LAYERS - int(name.split('.encoder.layer.')[1].split('.')[0])
    return LR * RATE ** above


def test_every_layer_has_its_rate_in_few_groups():
    classifier = model()
    groups = optim_wrapper(classifier, 'MergedLayerDecayConstructor').optimizer.param_groups
    found = {id(p): (group['lr'], group['weight_decay']) for group in groups for p in group['params']}
    names = dict(classifier.named_parameters())
    assert len(found) == len(names) == sum(len(group['params']) for group in groups)
    for name, parameter in names.items():
        undecayed = name.endswith('bias') or 'LayerNorm' in name
        assert found[id(parameter)] == (pytest.approx(expected_rate(name)), 0. if undecayed else .1), name
    assert len(groups) == 2 * (LAYERS + 2), 'embeddings, layers and what is behind them, with decay and without'
    assert len({rate for rate, _ in found.values()}) == LAYERS + 2


def test_the_update_is_that_of_a_group_for_each_parameter():
    weights = []
    for constructor in ('LearningRateDecayOptimWrapperConstructor', 'MergedLayerDecayConstructor'):
        classifier = model()
        wrapper = optim_wrapper(classifier, constructor)
        for _ in range(3):
            tokens = classifier.backbone(dict(ids=torch.arange(12).view(2, 6), mask=torch.ones(2, 6, dtype=torch.bool)))
            wrapper.update_params(classifier.head(classifier.neck(tokens)).square().sum())
        weights.append([p.detach() for p in classifier.parameters()])
    for mine, theirs in zip(*weights, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-7)
