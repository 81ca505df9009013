"""The wrapper adds nothing to what transformers computes."""
import pytest
import torch
from transformers import AutoModel, ConvNextConfig, ViTConfig

from mmcomp.errors import ConfigError
from mmcomp.models.backbones import HuggingFaceImageBackbone

VIT = dict(image_size=32, patch_size=8, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
           intermediate_size=32)
CONVNEXT = dict(hidden_sizes=[8, 16], depths=[1, 1], num_stages=2)
IMAGES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize('config, shape', [
    (ViTConfig(**VIT), (2, 17, 16)), (ConvNextConfig(**CONVNEXT), (2, 16, 4, 4))])
def test_a_saved_model_gives_the_same_features(tmp_path, config, shape):
    theirs = AutoModel.from_config(config).eval()
    theirs.save_pretrained(tmp_path)
    ours = HuggingFaceImageBackbone(str(tmp_path))
    ours.init_weights()  # must not undo the loading
    with torch.no_grad():
        expected = theirs(pixel_values=IMAGES).last_hidden_state
        got, = ours.eval()(IMAGES)
        mean, = HuggingFaceImageBackbone(str(tmp_path), out_type='mean').eval()(IMAGES)
    assert got.shape == shape
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(mean, expected.flatten(2).mean(2) if expected.ndim == 4 else expected.mean(1))


def test_every_parameter_is_trained():
    model = HuggingFaceImageBackbone(config=dict(model_type='vit', **VIT), out_type='cls_token')
    out, = model(IMAGES)
    out.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize('arguments, name', [
    (dict(), 'name_or_path'), (dict(name_or_path='google/vit-base-patch16-224'), 'allow_download'),
    (dict(name_or_path='x', config={}), 'name_or_path'),
    (dict(config=dict(model_type='vit'), out_type='pooled'), 'out_type')])
def test_wrong_arguments_are_named(arguments, name):
    with pytest.raises(ConfigError, match=name):
        HuggingFaceImageBackbone(**arguments)
