"""Gradients of two batches of 16 make the step of one batch of 32, whatever their padding."""
import copy

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, pseudo_collate
from mmengine.optim import build_optim_wrapper

from mmcomp.apis import build
from mmcomp.datasets.samplers.length_bucket_batch_sampler import LengthBucketBatchSampler
from mmcomp.datasets.transforms.text import PackTokens

ROWS, WORDS = 32 * 5, 30


@pytest.fixture(scope='module')
def rows():
    """Packed rows of 3 to 60 tokens, two shares each, and weights."""
    rng = np.random.default_rng(0)
    return [PackTokens()(dict(tokens=rng.integers(0, WORDS, rng.integers(3, 61)).astype(np.int32),
                              gt_score=rng.random(2).astype(np.float32), weight=float(rng.uniform(.5, 1.5))))
            for _ in range(ROWS)]


@pytest.fixture(scope='module')
def classifier():
    torch.manual_seed(0)
    bert = dict(model_type='bert', vocab_size=WORDS, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                intermediate_size=32, max_position_embeddings=64, hidden_dropout_prob=0.,
                attention_probs_dropout_prob=0.)
    return build(dict(type='SequenceClassifier', backbone=dict(type='HuggingFaceTextEncoder', config=bert),
                      neck=dict(type='SequencePooling', mode=['mean', 'max']),
                      head=dict(type='BinaryTasksHead', num_classes=2, in_channels=32, dropout=0.)))


def buckets(rows, **kwargs):
    lengths = np.array([len(row['inputs']) for row in rows])
    dataset = type('Texts', (), dict(lengths=lengths, __len__=lambda self: len(rows)))()
    return LengthBucketBatchSampler(DefaultSampler(dataset, seed=0), 32, **kwargs).global_batches()


def trained(classifier, rows, batches, counts=1, **optimizer):
    """Weights after a step for every ``counts`` batches, through the classifier's own ``train_step``."""
    model = copy.deepcopy(classifier).train()
    wrapper = build_optim_wrapper(model, dict(
        type='OptimWrapper', optimizer=dict(lr=1e-2, **optimizer), accumulative_counts=counts,
        constructor='MergedGroupsConstructor', clip_grad=dict(max_norm=.5)))
    wrapper.initialize_count_status(model, 0, len(batches))
    for batch in batches:
        model.train_step(pseudo_collate([rows[i] for i in batch]), wrapper)
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.mark.parametrize('optimizer', [dict(type='SGD', momentum=.9), dict(type='AdamW', eps=1e-4)],
                         ids=['SGD', 'AdamW'])
def test_twice_16_is_once_32(classifier, rows, optimizer):
    whole = buckets(rows, pool_batches=2)
    halves = [half for batch in whole for half in np.split(batch, 2)]
    widths = [[max(len(rows[i]['inputs']) for i in half) for half in pair] for pair in zip(halves[::2], halves[1::2])]
    assert any(a // 8 != b // 8 for a, b in widths), 'padded to different lengths'
    once, twice = trained(classifier, rows, whole, **optimizer), trained(classifier, rows, halves, 2, **optimizer)
    start = torch.cat([p.detach().flatten() for p in classifier.parameters()])
    assert (once - start).abs().max() > 1e-2
    torch.testing.assert_close(twice, once, rtol=1e-4, atol=1e-5)


def test_batches_of_other_sizes_count_the_same(classifier, rows):
    """A row of a small batch counts more: the step is along the mean of the batches' means."""
    uneven = [np.arange(24), np.arange(24, 32)]
    both = trained(classifier, rows, uneven, 2, type='SGD')
    once = trained(classifier, rows, [np.arange(32)], type='SGD')
    assert (both - once).abs().max() > 1e-5
    weighted = [copy.copy(rows[i]) for i in range(32)]
    for row, n in zip(weighted, [24] * 24 + [8] * 8):
        row['data_samples'] = copy.deepcopy(row['data_samples'])
        row['data_samples'].set_metainfo(dict(weight=row['data_samples'].weight * 16 / n))
    torch.testing.assert_close(both, trained(classifier, weighted, [np.arange(32)], type='SGD'), rtol=1e-4, atol=1e-6)
