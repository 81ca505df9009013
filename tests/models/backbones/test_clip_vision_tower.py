"""The image tower of CLIP as a backbone; that it computes what was published is among the parity tests."""
import pytest
import torch

from mmcomp.errors import CheckpointError, ConfigError
from mmcomp.models.backbones import CLIPVisionTower, ImageTokens

TINY = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=32,
            patch_size=8, projection_dim=6)


def test_a_frozen_tower_stays_as_it_is():
    tower = CLIPVisionTower(TINY).train()
    assert not tower.training and not any(parameter.requires_grad for parameter in tower.parameters())
    images = torch.randn(2, 3, 32, 32, requires_grad=True)
    assert not tower(images)[0].requires_grad
    assert CLIPVisionTower(TINY, frozen=False).train()(images)[0].requires_grad


def test_half_precision_gives_float32_nearly_the_same():
    torch.manual_seed(0)
    tower = CLIPVisionTower(TINY, out_type='cls')
    half = CLIPVisionTower(TINY, out_type='cls', dtype='bfloat16')
    half.load_state_dict(tower.state_dict())
    images = torch.randn(2, 3, 32, 32)
    found = half(images)[0]
    assert found.dtype == torch.float32 and half.vision_model.post_layernorm.weight.dtype == torch.bfloat16
    torch.testing.assert_close(found, tower(images)[0], rtol=0.1, atol=0.05)


@pytest.mark.parametrize(('out_type', 'per_image'), [('projection', 1), ('patches', 16)])
def test_frames_of_videos(out_type, per_image):
    torch.manual_seed(0)
    encoder = ImageTokens(dict(type='CLIPVisionTower', arch=TINY, out_type=out_type))
    images, mask = torch.randn(2, 3, 3, 32, 32), torch.tensor([[True, True, False], [False] * 3])
    found, nothing = encoder(dict(images=images, mask=mask)), encoder(dict(images=images, mask=mask & False))
    assert found.lengths.tolist() == [2 * per_image, 0] and nothing.lengths.tolist() == [0, 0]
    assert found.tokens.shape == nothing.tokens.shape == (2, 3 * per_image, encoder.backbone.out_channels)
    torch.testing.assert_close(found.tokens[0, :per_image], encoder(images[:1, :1]).tokens[0])
    assert not nothing.tokens.any()


def test_another_size_and_depths():
    tower = CLIPVisionTower(TINY)
    assert tower(torch.randn(1, 3, 48, 48))[0].shape == (1, 6)
    depths = {name: tower.get_layer_depth(f'x.{name}', 'x.') for name, _ in tower.named_parameters()}
    assert depths['vision_model.encoder.layers.1.mlp.fc1.weight'] == (2, 4)
    assert depths['visual_projection.weight'] == (3, 4)
    assert depths['vision_model.embeddings.class_embedding'] == depths['vision_model.pre_layrnorm.bias'] == (0, 4)


def test_weights_of_another_architecture_are_refused():
    tower = CLIPVisionTower(dict(TINY, patch_size=4))
    with pytest.raises(CheckpointError, match=r'patch_embedding.weight. must be \(16, 3, 4, 4\); got'):
        tower.load_state_dict(CLIPVisionTower(TINY).state_dict())


@pytest.mark.parametrize(('options', 'words'), [
    (dict(arch='b17'), 'Did you mean `b16`'), (dict(), 'Give one of the two'), (dict(arch=TINY, out_type='raw'), 'cls'),
    (dict(arch=TINY, dtype='float16', frozen=False), 'frozen=True'), (dict(name_or_path='no/such'), 'existing folder')])
def test_options_that_do_not_fit(options, words):
    with pytest.raises(ConfigError, match=words):
        CLIPVisionTower(**options)
