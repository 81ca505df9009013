"""What several models have alike is computed once, and nothing else is taken for it."""
import copy

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from mmcomp.datasets.collating import collate_inputs
from mmcomp.models.scoring import batch_scores
from mmcomp.models.shared_parts import alike, share_parts
from mmcomp.registry import MODELS

BERT = dict(model_type='bert', vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32)
CLIP = dict(type='CLIPVisionTower', arch=dict(
    hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=16, patch_size=8,
    projection_dim=6))
FRAMES = dict(type='FeatureProjector', in_channels=6, out_channels=16)
STREAMS = dict(
    single=dict(encoders=dict(text=dict(type='WordEmbeddings', config=BERT), frames=FRAMES),
                fusion=dict(type='ConcatTransformer', config=BERT)),
    double=dict(encoders=dict(text=dict(type='HuggingFaceTextEncoder', config=BERT), frames=FRAMES),
                fusion=dict(type='CrossAttentionDecoder', channels=16, num_layers=1, heads=2, ffn_channels=16)))


def model(stream, tower=None, **preprocessor):
    torch.manual_seed(len(stream))
    net = MODELS.build(dict(
        type='MultimodalClassifier', extractors=dict(frames=dict(type='ImageTokens', backbone=CLIP)),
        neck=dict(type='SequencePooling'), head=dict(type='DropoutLinearHead', num_classes=3, in_channels=16),
        data_preprocessor=preprocessor or None, **STREAMS[stream]))
    if tower is not None:
        net.extractors.load_state_dict(tower.extractors.state_dict())
    return net.eval()


def rows():
    random = np.random.default_rng(0)
    return [dict(inputs=dict(text=random.integers(1, 30, 4 + count).astype(np.int32),
                             frames=torch.randint(256, (count, 3, 16, 16), dtype=torch.uint8))) for count in (2, 3)]


@pytest.fixture
def passes(monkeypatch):
    """Frames that each pass through a tower had."""
    from mmcomp.models.backbones import CLIPVisionTower
    seen, forward = [], CLIPVisionTower.forward
    monkeypatch.setattr(CLIPVisionTower, 'forward', lambda self, x: seen.append(len(x)) or forward(self, x))
    return seen


def test_frames_are_encoded_once_for_models_of_both_kinds(passes):
    single = model('single')
    models, batch = [single, model('double', single), model('double', single)], rows()
    alone = [net.test_step(pseudo_collate(batch)) for net in models]
    assert passes == [5, 5, 5]
    passes.clear()
    share_parts(models)
    assert models[1].extractors['frames'] is single.extractors['frames']
    with torch.inference_mode():
        found = batch_scores(models, collate_inputs(batch))
    assert passes == [5]
    for scores, samples in zip(found, alone):
        torch.testing.assert_close(scores, torch.stack([sample.pred_score for sample in samples]))


def test_other_towers_and_other_images_are_not_shared(passes):
    single = model('single')
    trained, other = model('double', single), model('double', single, normalization='imagenet')
    with torch.no_grad():
        next(trained.extractors.parameters())[0] += 1
    models, batch = [single, trained, other], rows()
    alone = [net.test_step(pseudo_collate(batch)) for net in models]
    passes.clear()
    share_parts(models)
    assert trained.extractors['frames'] is not single.extractors['frames']
    assert trained.data_preprocessor is single.data_preprocessor is not other.data_preprocessor
    with torch.inference_mode():
        found = batch_scores(models, collate_inputs(batch))
    assert passes == [5, 5, 5]
    for scores, samples in zip(found, alone):
        torch.testing.assert_close(scores, torch.stack([sample.pred_score for sample in samples]))


def test_alike():
    one = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.LayerNorm(2))
    assert alike(one, copy.deepcopy(one).train())
    for place, change in ((1, dict(eps=1e-3)), (0, dict(extra=(1, [2])))):
        other = copy.deepcopy(one)
        vars(other[place]).update(change)
        assert not alike(one, other)
    assert not alike(one, torch.nn.Sequential(*copy.deepcopy(one), torch.nn.Identity()))
    assert not alike(one, copy.deepcopy(one).double())
