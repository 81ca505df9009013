"""Encoders, fusion, neck and head together, from arrays of samples to scores."""
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmpretrain.structures import DataSample

from mmcomp.datasets.collating import collate_inputs
from mmcomp.errors import ConfigError
from mmcomp.models.scoring import batch_scores, needs_only_inputs
from mmcomp.registry import MODELS

BERT = dict(model_type='bert', vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=16)
FRAMES = dict(type='FeatureProjector', in_channels=6, out_channels=16, norm=False)
SINGLE = dict(encoders=dict(text=dict(type='WordEmbeddings', config=BERT), frames=FRAMES),
              fusion=dict(type='ConcatTransformer', config=BERT))
DOUBLE = dict(encoders=dict(text=dict(type='HuggingFaceTextEncoder', config=BERT), frames=FRAMES),
              fusion=dict(type='CrossAttentionDecoder', channels=16, num_layers=1, heads=2, ffn_channels=32))
STREAMS = dict(single=SINGLE, double=DOUBLE)


def model(stream: str, **more) -> torch.nn.Module:
    torch.manual_seed(0)
    usual = dict(type='MultimodalClassifier', neck=dict(type='SequencePooling', mode='mean'),
                 head=dict(type='DropoutLinearHead', num_classes=4, in_channels=16, dropout=0.0))
    return MODELS.build({**usual, **STREAMS[stream], **more})


def samples(count: int = 16) -> list[dict]:
    """The class is told half by the text, half by the frames; one sample lacks either."""
    random, rows = np.random.default_rng(0), []
    for i in range(count):
        text = np.array([1, 4 + i % 2 * 5, *random.integers(10, 30, i % 4), 2], dtype=np.int32)
        frames = random.normal(size=(1 + i % 3, 6)).astype(np.float16)
        frames[:, 0] += 4 * (i // 2 % 2) - 2
        sample = DataSample(metainfo=dict(sample_id=str(i))).set_gt_label(i % 4)
        rows.append(dict(inputs=dict(text=text, frames=frames), data_samples=sample))
    return rows


@pytest.mark.parametrize('stream', STREAMS)
def test_it_learns_what_neither_modality_tells(stream):
    net, data = model(stream).train(), pseudo_collate(samples())
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        net(**net.data_preprocessor(data, True), mode='loss')['loss'].backward()
        optimizer.step()
    found = net.eval().test_step(data)
    assert [int(one.pred_label) for one in found] == [i % 4 for i in range(16)]
    assert [one.sample_id for one in found] == [str(i) for i in range(16)]


@pytest.mark.parametrize('stream', STREAMS)
def test_scores_without_objects_and_in_any_company(stream):
    nets = [model(stream).eval(), model(stream, neck=dict(type='SequencePooling', mode='max')).eval()]
    rows = samples(5)
    rows[1]['inputs']['frames'] = np.zeros(0, dtype=np.float16)
    rows[2]['inputs']['text'] = rows[2]['inputs']['text'][:0]
    assert all(map(needs_only_inputs, nets))
    with torch.inference_mode():
        found = batch_scores(nets, collate_inputs(rows))
        for scores, net in zip(found, nets):
            stock = torch.stack([one.pred_score for one in net.test_step(pseudo_collate(rows))])
            torch.testing.assert_close(scores, stock)
            for row, score in zip(rows, scores):  # alone, without padding for company
                one, = batch_scores([net], collate_inputs([row]))
                torch.testing.assert_close(one[0], score, rtol=1e-4, atol=1e-5)
    assert not torch.equal(*found)


@pytest.mark.parametrize('stream', STREAMS)
def test_mixed_precision(stream):
    net, rows = model(stream).eval(), samples(4)
    rows[0]['inputs']['frames'] = rows[0]['inputs']['frames'][:0]
    with torch.inference_mode():
        plain, = batch_scores([net], collate_inputs(rows))
        with torch.autocast('cpu', torch.bfloat16):
            mixed, = batch_scores([net], collate_inputs(rows))
            assert torch.isfinite(net(**net.data_preprocessor(pseudo_collate(rows)), mode='loss')['loss'])
    torch.testing.assert_close(mixed, plain, rtol=0.1, atol=0.02)
    assert mixed.dtype == torch.float32


@pytest.mark.parametrize('stream', STREAMS)
@pytest.mark.parametrize('empty', [None, 'frames', 'text'])
def test_every_parameter_has_a_part_in_every_batch(stream, empty):
    """Else DDP waits for its gradient."""
    net, rows = model(stream), samples(3)
    for row in rows if empty else ():
        row['inputs'][empty] = row['inputs'][empty][:0]
    net(**net.data_preprocessor(pseudo_collate(rows), True), mode='loss')['loss'].backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name


class Thumbnails(torch.nn.Module):
    """Features of images: six numbers of each."""

    def forward(self, inputs):
        from mmcomp.structures import TokenSequence
        return TokenSequence(inputs['images'].mean(dim=4).flatten(2)[..., :6], inputs['mask'])


def test_images_through_an_extractor_are_features():
    net = model('double')
    net.extractors['frames'] = Thumbnails()
    net.eval()
    images = [torch.randint(256, (count, 3, 4, 4), dtype=torch.uint8) for count in (2, 3)]
    rows = samples(2)
    for row, image in zip(rows, images):
        row['inputs']['frames'] = image
    inputs = net.data_preprocessor(pseudo_collate(rows))['inputs']
    ready = Thumbnails()(inputs['frames'])
    same = dict(inputs, frames=dict(features=ready.tokens, mask=ready.mask))
    torch.testing.assert_close(net(inputs), net(same))


def test_depths_are_those_of_its_parts():
    for stream, embeddings in (('single', 'encoders.text.word_embeddings.weight'),
                               ('double', 'encoders.text.model.embeddings.word_embeddings.weight')):
        net = model(stream)
        depths = {name: net.get_layer_depth(name) for name, _ in net.named_parameters()}
        assert depths[embeddings] == (0, 4)
        assert {depth for name, depth in depths.items() if '.layer.1.' in name} == {(2, 4)}
        assert depths['head.fc.weight'] == depths['encoders.frames.features.0.weight'] == (0, 1)


def test_a_modality_that_samples_lack_is_named():
    net = model('single')
    with pytest.raises(ConfigError, match='frames'):
        net(dict(text=dict(ids=torch.ones(1, 2, dtype=torch.long), mask=torch.ones(1, 2, dtype=torch.bool))))


def test_each_modality_is_initialized_as_its_config_says():
    constant = dict(type='Constant', layer='Linear', val=.5)
    net = model('double', encoders=dict(DOUBLE['encoders'], frames=dict(FRAMES, init_cfg=constant)))
    net.init_weights()
    assert (net.encoders['frames'].features[0].weight == .5).all()
