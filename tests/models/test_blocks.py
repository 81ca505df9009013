"""Repeated blocks are found in backbones of every library, outermost first, and a wrong name is told."""
import pytest
from torch import nn

from mmcomp.apis import build
from mmcomp.errors import ConfigError
from mmcomp.models.blocks import repeated_blocks

BERT = dict(model_type='bert', vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=16)
TINY = dict(embed_dims=8, num_layers=3, num_heads=2, feedforward_channels=16)


@pytest.mark.parametrize(('cfg', 'kinds'), [
    (dict(type='VisionTransformer', arch=TINY, img_size=16, patch_size=8), ['TransformerEncoderLayer'] * 3),
    (dict(type='SwinTransformerV2', arch=dict(embed_dims=8, depths=[1, 2], num_heads=[1, 1],
                                              extra_norm_every_n_blocks=0), img_size=16, patch_size=4,
          window_size=[2, 2], pretrained_window_sizes=[0, 0], out_indices=(1, )), ['SwinBlockV2'] * 3),
    (dict(type='HuggingFaceTextEncoder', config=BERT), ['BertLayer'] * 2),
    (dict(type='TIMMBackbone', model_name='vit_tiny_patch16_224', features_only=False, depth=2), ['Block'] * 2),
    (dict(type='LeNet5'), []),
])
def test_blocks_of_every_library(cfg, kinds):
    found = repeated_blocks(build(cfg))
    assert [type(block).__name__ for block in found.values()] == kinds


class Inner(nn.Linear):
    pass


def test_names_are_of_the_outermost():
    model = nn.Sequential(nn.Sequential(Inner(1, 1), nn.ReLU()), Inner(2, 2))
    assert list(repeated_blocks(model, ['Inner'])) == ['0.0', '1']
    assert list(repeated_blocks(model, ['Sequential'])) == ['0']
    with pytest.raises(ConfigError, match="got \\['Iner'\\].*Did you mean"):
        repeated_blocks(model, ['Iner'])
