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
from mmcomp.structures import TokenSequence

ROOMS = ('heads', 'losses', 'necks', 'backbones', 'fusion', 'pretrain')
# Wrappers of whole models, and what feeds them, have tests of their own.
ELSEWHERE = ('AverageLogitsTTA', 'ForeachMovingAverage', 'ModalityDataPreprocessor', 'MultimodalClassifier',
             'MultimodalPretrainer', 'SelfDistilledClassifier', 'SequenceClassifier', 'TokenDataPreprocessor')
CLASSES, WIDTH = 5, 8
SMALL = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
VIT = dict(model_type='vit', image_size=16, patch_size=8, **SMALL)
# A padding id of its own would leave one row of the embeddings without gradient.
BERT = dict(model_type='bert', vocab_size=6, max_position_embeddings=6, type_vocab_size=1, pad_token_id=None,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **SMALL)
FUSED = dict(BERT, num_hidden_layers=2)
CLIP = dict(image_size=16, patch_size=8, projection_dim=6, **SMALL)
WORDS = dict(in_channels=WIDTH, vocab_size=6, mask_id=1, special_ids=[0, 1], probability=0.6, mlm_on_mismatched=True)
ROWS = {
    'MaskedLanguageModeling': [WORDS, dict(WORDS, span_weights=[0.5, 0.5]),
                               dict(WORDS, whole_words=['[PAD]', '[MASK]', 'play', '##s', 'game', '##ing'])],
    'MaskedFrameModeling': [dict(in_channels=WIDTH, probability=0.5),
                            dict(in_channels=WIDTH, probability=0.5, temperature=0.1)],
    'ImageTextMatching': [dict(in_channels=WIDTH), dict(in_channels=WIDTH, part='frames', pooling='mean', logits=2)],
    'ContrastiveAlignment': [dict(in_channels=WIDTH, out_channels=3)],
    'SimCSE': [dict(fused=True)],
    'InverseCloze': [dict(special_ids=[0]), dict(special_ids=[0], separator_id=1, fused=True)],
    'ArcFaceHead': [dict(num_subcenters=3), dict(margin=0.3), dict(loss=dict(type='SoftmaxEQLLoss', num_classes=5))],
    'LogitAdjustedLinearHead': [dict(), dict(loss=dict(type='BalancedSoftmaxLoss', num_classes=5))],
    'SoftmaxEQLLoss': [dict(), dict(indicator='pos_neg_ratio')],
    'LogitAdjustedLoss': [dict(tau=0.5)],
    'BalancedSoftmaxLoss': [dict()],
    'ClassBalancedLoss': [dict(), dict(exponent=0.5, gamma=2.0, label_smoothing=0.05)],
    'RDropLoss': [dict(alpha=0.01), dict(alpha=0.01, loss=dict(type='LogitAdjustedLoss'))],
    'DropoutLinearHead': [dict(), dict(dropout=0.0, dropout_samples=3)],
    'CoarseFineHead': [dict(coarse_of=[0, 0, 1, 2, 2]), dict(coarse_of=[1, 0, 1, 0, 1], dropout_samples=2)],
    'BinaryTasksHead': [dict(), dict(dropout_samples=2)],
    'DistillationBCELoss': [dict(temperature=2.0)],
    'WeightedMultiTaskBCELoss': [dict(), dict(task_weights=[1.0, 0.5, 0.5, 0.5, 0.5], binarize=0.5)],
    'SequencePooling': [dict(mode=mode) for mode in ('cls', 'last', 'mean', 'max', 'pooler', ['mean', 'max'])],
    'AttentionPooling': [dict(in_channels=WIDTH), dict(in_channels=WIDTH, hidden_channels=3)],
    'ResidualDense': [dict(in_channels=2 * WIDTH, mode=mode) for mode in ('sequential', 'parallel')],
    'PartPooling': [dict(part='text'), dict(part='frames', pooling=dict(type='AttentionPooling', in_channels=WIDTH))],
    'JoinedPoolings': [dict(poolings=[dict(type='PartPooling', part=p) for p in ('text', 'frames')], merge='mean'),
                       dict(poolings=[dict(type='SequencePooling', mode=mode) for mode in ('cls', 'max')],
                            in_channels=2 * WIDTH, out_channels=2 * WIDTH)],
    'NeXtVLAD': [dict(in_channels=WIDTH, out_channels=2 * WIDTH, clusters=3, gate_reduction=2, dropout=0.0),
                 dict(in_channels=WIDTH, out_channels=WIDTH, clusters=2, gate_reduction=0, dropout=0.0)],
    'WeightedLayers': [dict(num_layers=2), dict(num_layers=3, pooling=dict(type='SequencePooling', mode='max'))],
    'HuggingFaceImageBackbone': [dict(config=VIT)],
    'HuggingFaceTextEncoder': [dict(config=BERT), dict(config=BERT, layers=True, pooler=True),
                               dict(config=BERT, gradient_checkpointing=True)],
    'BiLSTMEncoder': [dict(vocab=list('0abcde'), width=4, frozen=False, hidden_channels=3)],
    'ImageTokens': [dict(backbone=dict(type='HuggingFaceImageBackbone', config=VIT)),
                    dict(backbone=dict(type='HuggingFaceImageBackbone', config=VIT), per_image='mean')],
    'CLIPVisionTower': [dict(arch=CLIP, frozen=False), dict(arch=CLIP, frozen=False, out_type='cls'),
                        dict(arch=CLIP, frozen=False, out_type='patches', gradient_checkpointing=True)],
    'FusedSwinTransformerV2': [dict(
        arch=dict(embed_dims=8, depths=[2], num_heads=[2], extra_norm_every_n_blocks=0), img_size=16, window_size=[2],
        pretrained_window_sizes=[0], out_indices=(0, ), drop_path_rate=0.0)],
    'FeatureProjector': [dict(in_channels=3, out_channels=WIDTH),
                         dict(in_channels=3, out_channels=WIDTH, position_channels=4),
                         dict(in_channels=3, out_channels=WIDTH, norm=False)],
    'WordEmbeddings': [dict(config=BERT)],
    'ConcatTransformer': [dict(config=FUSED), dict(config=FUSED, order=['cls', 'frames', 'text'], layers=True),
                          dict(config=FUSED, share_embeddings=False, fusion_layer=1, gradient_checkpointing=True)],
    'CrossAttentionDecoder': [dict(channels=WIDTH, num_layers=2, heads=2, ffn_channels=8, dropout=0.0),
                              dict(channels=WIDTH, num_layers=1, heads=2, ffn_channels=8, dropout=0.0, query='text',
                                   memory='frames', query_positions=6)],
    'BidirectionalCrossAttention': [dict(channels=WIDTH, num_layers=2, heads=2, ffn_channels=8, dropout=0.0),
                                    dict(channels=WIDTH, num_layers=2, heads=2, ffn_channels=8, dropout=0.0,
                                         exchange=True)],
}  # yapf: disable


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
    ours = {name for room in ROOMS for name in _registered(room)} - {*ELSEWHERE}
    assert sorted(ours - ROWS.keys()) == []
    assert sorted(ROWS.keys() - ours) == []
    everything = {name for name, kind in MODELS.module_dict.items()
                  if inspect.getmodule(kind).__name__.startswith('mmcomp.models')}
    assert sorted(everything - ours - {*ELSEWHERE}) == []


@pytest.mark.parametrize('cfg', _cases('heads'))
def test_heads(cfg):
    features = torch.randn(12, WIDTH, generator=torch.Generator().manual_seed(1))
    tasks = torch.eye(CLASSES)
    samples = [DataSample().set_gt_label(i % CLASSES) for i in range(12)]
    if cfg['type'] == 'BinaryTasksHead':
        samples = [DataSample().set_gt_score(tasks[i % CLASSES]) for i in range(12)]
    extra = dict(num_classes=CLASSES, in_channels=WIDTH)
    head = _build(cfg, **extra)
    _check(lambda h: h.loss((features, ), samples)['loss'], head, _build(cfg, **extra))
    predictions = head.predict((features, ))
    scores = torch.stack([sample.pred_score for sample in predictions])
    assert scores.shape == (12, CLASSES)
    if cfg['type'] == 'BinaryTasksHead':
        assert ((scores > 0) & (scores < 1)).all()
        return
    torch.testing.assert_close(scores.sum(1), torch.ones(12))
    assert [int(sample.pred_label) for sample in predictions] == scores.argmax(1).tolist()


@pytest.mark.parametrize('cfg', _cases('losses'))
def test_losses(cfg):
    tasks = cfg['type'] in ('WeightedMultiTaskBCELoss', 'DistillationBCELoss')
    extra = {} if tasks else dict(num_classes=CLASSES)
    loss, fresh = _build(cfg, **extra), _build(cfg, **extra)
    labels = (torch.arange(6) % CLASSES).repeat(2)  # RDropLoss takes pairs
    target = torch.eye(CLASSES)[labels] if tasks else labels

    def run(module):
        logits = torch.randn(12, CLASSES, generator=torch.Generator().manual_seed(1)).requires_grad_()
        value = module(logits, target, avg_factor=12)
        gradient, = torch.autograd.grad(value, logits, retain_graph=True)
        assert torch.isfinite(gradient).all() and (gradient.gather(1, labels[:, None]) < 0).all()
        return value

    _check(run, loss, fresh)


def _sequence(padding=0, seed=1):
    """Sequences of 3, 1 and 4 tokens, and as much padding of noise behind them."""
    generator = torch.Generator().manual_seed(seed)
    tokens, layers = torch.randn(3, 4, WIDTH, generator=generator), torch.randn(3, 3, 4, WIDTH, generator=generator)
    mask = torch.arange(4 + padding) < torch.tensor([[3], [1], [4]])
    noise = torch.Generator().manual_seed(9)

    def padded(real):
        wide = 100 * torch.randn(3, 4 + padding, WIDTH, generator=noise)
        wide[:, :4] = torch.where(mask[:, :4, None], real, wide[:, :4])
        return wide.requires_grad_()

    parts = dict(text=(slice(0, 1), slice(3, None)), frames=(slice(1, 3), ))
    return TokenSequence(padded(tokens), mask, tuple(padded(layer) for layer in layers), tokens.mean(dim=1) + 0, parts)


@pytest.mark.parametrize('cfg', _cases('necks'))
def test_necks(cfg):
    sequence = _sequence()
    sequence.pooled.requires_grad_()
    neck = _build(cfg)
    weights = torch.randn(1, 2 * WIDTH, generator=torch.Generator().manual_seed(2))

    def run(module):
        (vector, ) = module(sequence)
        return (vector * weights[:, :vector.shape[1]]).square().sum()

    _check(run, neck, _build(cfg))


@pytest.mark.parametrize('cfg', _cases('necks'))
def test_padding_has_no_part_in_a_vector_nor_in_its_gradient(cfg):
    neck, results = _build(cfg), []
    for padding in (0, 5):
        sequence = _sequence(padding)
        (vector, ) = neck(sequence)
        if cfg.get('mode') != 'pooler':
            vector.sum().backward()
            for tokens in (sequence.tokens, *sequence.layers):
                if tokens.grad is not None:
                    assert not tokens.grad[~sequence.mask].any()
        results.append(vector)
    torch.testing.assert_close(*results)


def _inputs(kind):
    """Made-up inputs of a backbone."""
    generator = torch.Generator().manual_seed(1)
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    if kind in ('BiLSTMEncoder', 'HuggingFaceTextEncoder', 'WordEmbeddings'):
        return dict(ids=torch.arange(12).view(2, 6) % 6, mask=mask)
    if kind == 'FeatureProjector':
        return dict(features=torch.randn(2, 6, 3, generator=generator), mask=mask,
                    positions=torch.rand(2, 6, 4, generator=generator))
    return torch.randn(2, 3, 16, 16, generator=generator)


@pytest.mark.parametrize('cfg', _cases('backbones'))
def test_backbones(cfg):
    inputs = _inputs(cfg['type'])
    weights = torch.randn(1, generator=torch.Generator().manual_seed(2))

    def run(module):
        torch.manual_seed(3)
        found = module(inputs)
        if isinstance(found, TokenSequence):
            pooled = 0. if found.pooled is None else found.pooled.square().sum()
            return (found.tokens[found.mask] * weights).pow(3).sum() + pooled
        assert isinstance(found, tuple)
        return (found[-1] * weights).square().sum()

    _check(run, _build(cfg), _build(cfg))


def _modalities(padding=0):
    """Frames 3, 0 and 4, words 2, 4 and 0, with as much padding of noise behind them."""
    found = {}
    for seed, (name, lengths) in enumerate(dict(frames=[3, 0, 4], text=[2, 4, 0]).items()):
        tokens = torch.randn(3, 4, WIDTH, generator=torch.Generator().manual_seed(seed))
        mask = torch.arange(4 + padding) < torch.tensor(lengths)[:, None]
        wide = 100 * torch.randn(3, 4 + padding, WIDTH, generator=torch.Generator().manual_seed(9))
        wide[:, :4] = torch.where(mask[:, :4, None], tokens, wide[:, :4])
        found[name] = TokenSequence(wide.requires_grad_(), mask)
    return found


@pytest.mark.parametrize('cfg', _cases('fusion'))
def test_fusions(cfg):
    # Tokens behind a LayerNorm have one sum, and one sum of squares.
    weights = torch.randn(WIDTH, generator=torch.Generator().manual_seed(2))

    def run(module):
        torch.manual_seed(3)
        found = module(_modalities())
        return (found.tokens[found.mask] * weights).pow(3).sum()

    _check(run, _build(cfg), _build(cfg))


@pytest.mark.parametrize('cfg', _cases('fusion'))
def test_padding_has_no_part_in_a_fusion_nor_in_its_gradient(cfg):
    fusion, results = _build(cfg), []
    for padding in (0, 2):
        sequences = _modalities(padding)
        found = fusion(sequences)
        results.append({name: found.part(name) for name in found.parts})
        sum(part.tokens[part.mask].pow(3).sum() for part in results[-1].values()).backward()
        assert not any(one.tokens.grad[~one.mask].any() for one in sequences.values())
    for name, part in results[0].items():
        wider = results[1][name]
        torch.testing.assert_close(wider.tokens[wider.mask], part.tokens[part.mask], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('cfg', _cases('pretrain'))
def test_pretraining_tasks(cfg):
    """A task learns, and so do the parts that it is to train."""
    inputs = dict(text=dict(ids=torch.arange(24).view(4, 6) % 6, mask=torch.ones(4, 6, dtype=torch.bool)),
                  frames=dict(features=torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(1)),
                              mask=torch.arange(5) < torch.tensor([[5], [3], [4], [5]])))
    words = dict(type='WordEmbeddings', config=FUSED)
    frames = dict(type='FeatureProjector', in_channels=3, out_channels=WIDTH, dropout=0.0)
    fusion = None if cfg['type'] == 'ContrastiveAlignment' else dict(type='ConcatTransformer', config=FUSED)
    encoders = dict(text=words) if cfg['type'] == 'SimCSE' else dict(text=words, frames=frames)
    model = dict(type='MultimodalPretrainer', encoders=encoders, fusion=fusion, tasks=[cfg])

    def run(module):
        torch.manual_seed(3)
        return module.parse_losses(module(inputs, mode='loss'))[0]

    _check(run, _build(model), _build(model))
