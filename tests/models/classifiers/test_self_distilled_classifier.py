"""The second term by hand, step by step; what predicts is the plain classifier."""
import copy
import itertools

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.logging import MessageHub
from mmpretrain.structures import DataSample

from mmcomp.datasets.collating import collate_inputs
from mmcomp.errors import ConfigError
from mmcomp.models.classifiers.self_distilled_classifier import distillation_loss
from mmcomp.models.scoring import batch_scores, needs_only_inputs
from mmcomp.registry import MODELS

BERT = dict(model_type='bert', vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=16, hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0)
PLAIN = dict(
    type='MultimodalClassifier',
    encoders=dict(text=dict(type='HuggingFaceTextEncoder', config=BERT),
                  frames=dict(type='FeatureProjector', in_channels=6, out_channels=16, norm=False, dropout=0.0)),
    fusion=dict(type='CrossAttentionDecoder', channels=16, num_layers=1, heads=2, ffn_channels=32, dropout=0.0),
    neck=dict(type='SequencePooling', mode='mean'),
    head=dict(type='DropoutLinearHead', num_classes=4, in_channels=16, dropout=0.0))
TAUGHT = dict(PLAIN, type='SelfDistilledClassifier', teacher=dict(momentum=0.9, alpha=0.4, ramp_iters=2))
HUBS = itertools.count()


@pytest.fixture(autouse=True)
def hub():
    """That of a training without iterations so far."""
    return MessageHub.get_instance(f'self-distilled-{next(HUBS)}')


def build(cfg, **more):
    torch.manual_seed(0)
    return MODELS.build(dict(cfg, **more)).train()


def batch(count=6):
    random = np.random.default_rng(0)
    return [dict(inputs=dict(text=np.array([1, *random.integers(4, 30, 1 + i % 3), 2], dtype=np.int32),
                             frames=random.normal(size=(1 + i % 2, 6)).astype(np.float16)),
                 data_samples=DataSample(metainfo=dict(sample_id=str(i))).set_gt_label(i % 4)) for i in range(count)]


def losses_of(net):
    return net(**net.data_preprocessor(pseudo_collate(batch()), True), mode='loss')


def logits_of(net):
    prepared = net.data_preprocessor(pseudo_collate(batch()), False)['inputs']
    return net.head(net.extract_feat(prepared)).detach().double().numpy()


def test_the_term_by_hand_over_four_steps():
    net, slow = build(TAUGHT), build(PLAIN)
    slow.load_state_dict(net.state_dict(), strict=False)
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    for step in range(4):
        if step:
            with torch.no_grad():
                for name, value in slow.named_parameters():
                    value.copy_(0.9 * value + 0.1 * net.get_parameter(name))
        sharp = np.exp(logits_of(slow) / 0.07)
        own = logits_of(net)
        term = -(sharp / sharp.sum(1, keepdims=True) * (own - np.log(np.exp(own).sum(1, keepdims=True)))).sum(1).mean()
        losses = losses_of(net)
        assert losses['loss_distill'].item() == pytest.approx(0.4 * min(1, step / 2) * term, rel=1e-4)
        right = own[range(6), [i % 4 for i in range(6)]] - np.log(np.exp(own).sum(1))
        assert losses['loss'].item() == pytest.approx(-right.mean(), rel=1e-4)
        optimizer.zero_grad()
        sum(losses[name] for name in ('loss', 'loss_distill')).backward()
        assert all(parameter.grad is None for parameter in net.teacher.parameters())
        optimizer.step()


def test_no_gradient_goes_to_the_teacher():
    logits, answers = torch.randn(5, 3, requires_grad=True), torch.randn(5, 3, requires_grad=True)
    distillation_loss(logits, answers, 0.5).backward()
    shares = (answers / 0.5).softmax(dim=1)
    torch.testing.assert_close(logits.grad, ((logits.softmax(dim=1) - shares) / 5).detach())
    assert answers.grad is None


def test_a_batch_that_is_passed_again_moves_the_teacher_once(hub):
    net = build(TAUGHT)
    for iteration in range(3):
        hub.update_info('iter', iteration)
        for _ in range(3):
            losses_of(net)
        assert int(net.teacher.steps) == iteration + 1
    net.eval()
    hub.update_info('iter', 9)
    losses_of(net)
    assert int(net.teacher.steps) == 3


def test_a_loaded_state_goes_on_alike():
    net, fresh = build(TAUGHT), build(TAUGHT)
    for _ in range(3):
        losses_of(net)
        with torch.no_grad():
            net.head.fc.weight += 0.1
    fresh.load_state_dict(copy.deepcopy(net.state_dict()))
    one, other = losses_of(net), losses_of(fresh)
    assert one['loss_distill'] > 0 and torch.equal(one['loss_distill'], other['loss_distill'])


def test_it_predicts_as_the_plain_classifier():
    net, plain = build(TAUGHT).eval(), build(PLAIN).eval()
    plain.load_state_dict({name: value for name, value in net.state_dict().items() if not name.startswith('teacher.')})
    assert needs_only_inputs(net)
    with torch.inference_mode():
        one, other = batch_scores([net, plain], collate_inputs(batch()))
    assert torch.equal(one, other)


def test_faults():
    with pytest.raises(ConfigError, match='temperature'):
        build(TAUGHT, temperature=0)
    with pytest.raises(ConfigError, match='momentum, alpha'):
        build(TAUGHT, teacher=dict(alpha=2))
