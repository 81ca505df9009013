"""Exported files against the models themselves; what needs no file is tested without the libraries."""
import json
import math

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from mmcomp.apis import build, predict_table
from mmcomp.apis.config import load_config
from mmcomp.apis.onnx_export import libraries
from mmcomp.apis.onnx_export.exporting import Report, export_onnx
from mmcomp.apis.onnx_export.feeds import made_up
from mmcomp.apis.onnx_export.onnx_file import OnnxModel, write_onnx
from mmcomp.apis.onnx_export.parts import Scores, Text, Vision
from mmcomp.apis.onnx_export.unpacked_lstm import without_packing
from mmcomp.errors import ConfigError, DataError
from mmcomp.models.scoring import batch_scores

BERT = dict(model_type='bert', vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32)
TOWER = dict(type='ImageTokens', backbone=dict(type='CLIPVisionTower', arch=dict(
    hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=16, patch_size=8,
    projection_dim=6)))
DOUBLE = dict(
    type='MultimodalClassifier', extractors=dict(frames=TOWER),
    encoders=dict(text=dict(type='HuggingFaceTextEncoder', config=BERT),
                  frames=dict(type='FeatureProjector', in_channels=6, out_channels=16)),
    fusion=dict(type='CrossAttentionDecoder', channels=16, num_layers=1, heads=2, ffn_channels=16),
    neck=dict(type='SequencePooling'), head=dict(type='DropoutLinearHead', num_classes=3, in_channels=16))
WORDS = dict(
    type='SequenceClassifier', backbone=dict(type='BiLSTMEncoder', vocab=[f'w{i}' for i in range(9)], width=5,
                                             frozen=False, hidden_channels=4),
    neck=dict(type='SequencePooling', mode=['mean', 'max']),
    head=dict(type='BinaryTasksHead', num_classes=2, in_channels=16))


def needs_onnx():
    for name in libraries.NEEDED:
        pytest.importorskip(name, reason=f'{name} is not installed, so no file is exported')


def built(cfg):
    torch.manual_seed(0)
    return build(cfg).eval()


def videos():
    random = np.random.default_rng(0)
    return pseudo_collate([dict(inputs=dict(
        text=random.integers(1, 30, 4 + count).astype(np.int32),
        frames=torch.randint(256, (count, 3, 16, 16), dtype=torch.uint8))) for count in (2, 3)])


def run(part, feed, folder, **how):
    """Outputs of the exported part by its own graph, of those inputs and of made-up ones, beside torch's."""
    write_onnx(without_packing(part), made_up(feed, 3, lambda length: max(length, 2)), folder / 'x.onnx', {}, **how)
    model = OnnxModel(folder / 'x.onnx')
    for inputs in (feed, made_up(feed, 1, lambda length: length + 3), made_up(feed, 6, lambda length: length - 1)):
        with torch.no_grad():
            for ours, theirs in zip(part(*inputs.values()), model(inputs), strict=True):
                np.testing.assert_allclose(theirs, ours.numpy(), atol=1e-5)
    return model


def test_an_lstm_at_any_batch_and_length(tmp_path):
    needs_onnx()
    model = built(WORDS)
    data = dict(inputs=[np.array([3, 1, 4]), np.array([5]), np.array([2, 6, 5, 3])])
    part = Scores(model).eval()
    feed = part.feed(data)
    exported = run(part, feed, tmp_path)
    with torch.no_grad():
        np.testing.assert_allclose(exported(feed)[1], batch_scores([model], data)[0].numpy(), atol=1e-6)
    assert exported.signature[0] == dict(ids=['batch', 'length'], mask=['batch', 'length'])


def test_a_video_model_and_its_tower_are_the_model_in_two_files(tmp_path):
    needs_onnx()
    model, data = built(DOUBLE), videos()
    vision, scores = Vision(model).eval(), Scores(model).eval()
    tower = run(vision, vision.feed(data), tmp_path)
    whole = run(scores, scores.feed(data), tmp_path)
    images = torch.cat(data['inputs']['frames'] if isinstance(data['inputs'], dict)
                       else [sample['frames'] for sample in data['inputs']])
    features = torch.from_numpy(tower(dict(image=images))[0])
    feed = scores.feed(data)
    feed['frames_features'] = torch.stack([torch.cat([features[:2], features[:1] * 0]), features[2:]])
    with torch.no_grad():
        np.testing.assert_allclose(whole(feed)[1], batch_scores([model], data)[0].numpy(), atol=1e-5)


def test_parts_that_are_not_there():
    data = videos()
    words = built(WORDS)
    with pytest.raises(ConfigError, match='--part vision'):
        Vision(words)
    text = Text(built(DOUBLE))
    assert set(text.feed(data)) == {'ids', 'mask'}
    with pytest.raises(DataError, match='images'):
        Vision(built(DOUBLE)).feed(dict(inputs=dict(frames=[np.zeros((2, 6))], text=[np.arange(3)])))


def test_what_torch_can_not_follow_is_one_error(tmp_path):
    needs_onnx()
    model = built(WORDS)
    part = Scores(model).eval()
    feed = part.feed(dict(inputs=[np.array([3, 1]), np.array([5, 2, 1])]))
    with pytest.raises(ConfigError, match='model` must be one whose operations torch.export can follow'):
        write_onnx(part, feed, tmp_path / 'x.onnx', {})  # packed sequences
    assert not (tmp_path / 'x.onnx').exists()


def test_without_the_libraries(monkeypatch, tmp_path, toy_run):
    monkeypatch.setattr(libraries.importlib.util, 'find_spec', lambda name: None if name == 'onnxscript' else name)
    with pytest.raises(ConfigError, match='no onnxscript.*pip install .*onnx onnxscript onnxruntime'):
        export_onnx(load_config(toy_run[0]), toy_run[1] / 'epoch_2.pth', tmp_path / 'x.onnx')


def test_a_difference_that_is_no_number_does_not_hold():
    def report(*found):
        from mmcomp.apis.onnx_export.differences import Differences
        return Report('', '', 20, 0, ({}, {}), tuple(Differences('', '', one, one) for one in found), (0, 0), 1., True)
    assert report(.5, 1.).holds and not report(.5, 1.1).holds
    assert not report(math.nan, .5).holds and not report(.5, math.nan).holds


def test_a_file_is_used_without_mmcomp(toy_run, tmp_path):
    needs_onnx()
    import onnxruntime
    cfg, checkpoint, out = load_config(toy_run[0]), toy_run[1] / 'epoch_2.pth', tmp_path / 'x.onnx'
    report = export_onnx(cfg, checkpoint, out)
    assert report.holds and report.kept and [one.data for one in report.differences] == ['test data', 'made-up']
    session = onnxruntime.InferenceSession(str(out))
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts['classes']) == ['above', 'below'] and facts['config'] == 'toy.py'
    image = json.loads(facts['image'])
    assert (image['size'], image['channels'], image['normalization'], image['mean']) == ([32, 32], 'gray', 'inside',
                                                                                         [127.5])
    table = predict_table(cfg, str(checkpoint), str(tmp_path / 'x.pkl'))
    root = cfg.val_dataloader.dataset.image_root
    pixels = np.stack([cv2.imread(f'{root}/{name}', cv2.IMREAD_GRAYSCALE) for name in table.ids])[:, None]
    np.testing.assert_allclose(session.run(['scores'], dict(image=pixels))[0], table.scores, atol=1e-5)
    text = out.read_bytes()
    assert str(tmp_path).encode() not in text and b'site-packages' not in text, 'nothing of this machine is in it'
    half = export_onnx(cfg, checkpoint, tmp_path / 'half.onnx', half=True, normalized=True, static=True, batch_size=2,
                       tolerance=1e-30, keep=True)
    assert half.kept and not half.holds and (tmp_path / 'half.onnx').stat().st_size == half.size
    assert half.size < .7 * report.size and half.signature[0] == dict(image=[2, 1, 32, 32])
    assert 1e-6 < half.largest < .05, 'it is compared with float32'
