"""mmpretrain's backbones give timm's and transformers' answers from the same weights."""
import re

import pytest
import torch
from mmengine.runner import save_checkpoint
from mmpretrain.models import MAEViT, SwinTransformerV2, VisionTransformer

from mmcomp.apis import build
from mmcomp.checkpoints.mmengine_loader import use_safe_loading

TINY_VIT = dict(embed_dims=32, num_layers=2, num_heads=2, feedforward_channels=64)


def swin_v2_from_timm(state: dict[str, torch.Tensor], stages: int) -> dict[str, torch.Tensor]:
    """timm's Swin V2 keys as mmpretrain's; the patches of a merge in the order of ``nn.Unfold``."""
    names = [(r'^layers\.', 'stages.'), (r'\.attn\.', '.attn.w_msa.'), (r'mlp\.fc1', 'ffn.layers.0.0'),
             (r'mlp\.fc2', 'ffn.layers.1'), (r'patch_embed\.proj\.', 'patch_embed.projection.'),
             (r'^norm\.', f'norm{stages - 1}.')]
    converted = {}
    for key, value in state.items():
        for old, new in names:
            key = re.sub(old, new, key)
        if key.endswith('reduction.weight'):
            wide, channels = value.shape
            value = value.view(wide, 4, channels // 4)[:, [0, 2, 1, 3]].transpose(1, 2).reshape(wide, channels)
        converted[key] = value
    return converted


def _randomize(model):
    """timm starts the post-norms at zero, which would hide every block."""
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.3 + (parameter.ndim == 1)
    return model.eval()


@pytest.mark.parametrize('windows, pretrained', [((8, 8), (0, 0)), ((8, 4), (4, 2)), ((4, 4), (2, 2))])
def test_swin_v2_equals_timm(windows, pretrained):
    from timm.models.swin_transformer_v2 import SwinTransformerV2 as TimmSwin
    theirs = TimmSwin(img_size=64, patch_size=4, window_size=windows[0], embed_dim=16, depths=(2, 2), num_heads=(2, 4),
                      pretrained_window_sizes=pretrained, num_classes=0)
    if windows[1] != windows[0]:
        stage = TimmSwin(img_size=64, patch_size=4, window_size=windows[1], embed_dim=16, depths=(2, 2),
                         num_heads=(2, 4), pretrained_window_sizes=pretrained, num_classes=0).layers[1]
        theirs.layers[1] = stage
    _randomize(theirs)
    ours = SwinTransformerV2(
        arch=dict(embed_dims=16, depths=[2, 2], num_heads=[2, 4], extra_norm_every_n_blocks=0), img_size=64,
        window_size=list(windows), pretrained_window_sizes=list(pretrained), out_indices=(1, ))
    ours.eval()  # returns None
    missing = ours.load_state_dict(swin_v2_from_timm(theirs.state_dict(), 2), strict=False)
    assert not missing.unexpected_keys
    assert all('relative_' in key for key in missing.missing_keys)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(images)[0].mean((2, 3)), theirs(images), rtol=1e-3, atol=1e-4)


def test_vit_equals_timm():
    from timm.models.vision_transformer import VisionTransformer as TimmViT
    theirs = _randomize(TimmViT(img_size=32, patch_size=8, embed_dim=32, depth=2, num_heads=2, mlp_ratio=2,
                                num_classes=0, global_pool='avg', fc_norm=True))
    names = [(r'^blocks\.', 'layers.'), (r'\.norm', '.ln'), (r'mlp\.fc1', 'ffn.layers.0.0'),
             (r'mlp\.fc2', 'ffn.layers.1'), (r'patch_embed\.proj\.', 'patch_embed.projection.'), (r'^fc_norm', 'ln2')]
    state = {}
    for key, value in theirs.state_dict().items():
        for old, new in names:
            key = re.sub(old, new, key)
        state[key] = value
    ours = VisionTransformer(arch=TINY_VIT, img_size=32, patch_size=8, out_type='avg_featmap', final_norm=False)
    ours.load_state_dict(state)
    ours.eval()  # returns None
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(ours(images)[0], theirs(images), rtol=1e-4, atol=1e-4)


def vit_from_transformers(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """transformers' ViT classifier keys as an ImageClassifier's."""
    names = [(r'^vit\.embeddings\.position_embeddings', 'backbone.pos_embed'), (r'^vit\.embeddings\.', 'backbone.'),
             (r'patch_embeddings', 'patch_embed'), (r'^vit\.layernorm', 'backbone.ln1'), (r'^vit\.', 'backbone.'),
             (r'attention\.o_proj', 'attn.proj'), (r'layernorm_before', 'ln1'), (r'layernorm_after', 'ln2'),
             (r'mlp\.fc1', 'ffn.layers.0.0'), (r'mlp\.fc2', 'ffn.layers.1'), (r'^classifier', 'head.fc')]
    converted = {}
    for key, value in state.items():
        for old, new in names:
            key = re.sub(old, new, key)
        converted[key] = value
    for key in [k for k in converted if 'q_proj' in k]:
        parts = [converted.pop(key.replace('q_proj', f'{part}_proj')) for part in 'qkv']
        converted[key.replace('attention.q_proj', 'attn.qkv')] = torch.cat(parts)
    return converted


def test_vit_logits_equal_those_of_transformers():
    from transformers import ViTConfig, ViTForImageClassification
    theirs = _randomize(ViTForImageClassification(ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, image_size=32, patch_size=8,
        num_labels=5, layer_norm_eps=1e-6)))
    ours = build(dict(
        type='ImageClassifier', backbone=dict(type='VisionTransformer', arch=TINY_VIT, img_size=32, patch_size=8),
        head=dict(type='VisionTransformerClsHead', num_classes=5, in_channels=32, init_cfg=None)))
    ours.load_state_dict({k.replace('head.fc', 'head.layers.head'): v
                          for k, v in vit_from_transformers(theirs.state_dict()).items()})
    ours.eval()
    images = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(ours(images, mode='tensor'), theirs(images).logits, rtol=1e-4, atol=1e-4)


def _resized(position, side):
    grid = position[:, 1:].reshape(1, 4, 4, -1).permute(0, 3, 1, 2)
    grid = torch.nn.functional.interpolate(grid, size=(side, side), mode='bicubic', align_corners=False)
    return torch.cat([position[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)


def test_vit_starts_from_an_mae_checkpoint_at_another_size(tmp_path):
    mae = torch.nn.Module()
    mae.backbone = MAEViT(arch=TINY_VIT, img_size=32, patch_size=8)
    mae.backbone.init_weights()
    mae.neck = torch.nn.Linear(2, 2)
    path = tmp_path / 'epoch_1600.pth'
    save_checkpoint(dict(meta={}, state_dict=mae.state_dict()), str(path))
    vit = VisionTransformer(
        arch=TINY_VIT, img_size=64, patch_size=8, out_type='avg_featmap', final_norm=False,
        init_cfg=dict(type='Pretrained', checkpoint=str(path), prefix='backbone.'))
    vit.init_weights()
    source, target = mae.backbone.state_dict(), vit.state_dict()
    torch.testing.assert_close(target['pos_embed'], _resized(source['pos_embed'], 8))
    loaded = [key for key in target if key in source and key != 'pos_embed']
    assert len(loaded) > 20 and {key for key in target if key not in source} == {'ln2.weight', 'ln2.bias'}
    for key in loaded:
        torch.testing.assert_close(target[key], source[key], rtol=0, atol=0)


TINY_CLIP = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, image_size=32,
                 patch_size=8, projection_dim=6)


class _Published(torch.nn.Module):
    """The image tower that OpenAI published, in its own names: pre-norm, quick GELU, the projection behind the class
    token."""

    def __init__(self, width=16, layers=2, heads=2, patch=8, places=17, out=6):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, width, patch, patch, bias=False)
        self.class_embedding = torch.nn.Parameter(torch.zeros(width))
        self.positional_embedding = torch.nn.Parameter(torch.zeros(places, width))
        self.ln_pre, self.ln_post = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.transformer = torch.nn.Module()
        self.transformer.resblocks = torch.nn.ModuleList(self._block(width, heads) for _ in range(layers))
        self.proj = torch.nn.Parameter(torch.zeros(width, out))

    @staticmethod
    def _block(width, heads):
        block = torch.nn.Module()
        block.attn = torch.nn.MultiheadAttention(width, heads, batch_first=True)
        block.ln_1, block.ln_2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        block.mlp = torch.nn.Module()
        block.mlp.c_fc, block.mlp.c_proj = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)
        return block

    def forward(self, images):
        x = self.conv1(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.expand(len(x), 1, -1), x], dim=1) + self.positional_embedding
        x = self.ln_pre(x)
        for block in self.transformer.resblocks:
            y = block.ln_1(x)
            x = x + block.attn(y, y, y)[0]
            y = block.mlp.c_fc(block.ln_2(x))
            x = x + block.mlp.c_proj(y * torch.sigmoid(1.702 * y))
        return x[:, 1:], self.ln_post(x[:, 0]), self.ln_post(x[:, 0]) @ self.proj


@pytest.mark.parametrize('kind', ['pth', 'ddp', 'script'])
def test_clip_tower_starts_from_the_published_files(tmp_path, kind):
    use_safe_loading()
    theirs = _randomize(_Published())
    whole = torch.nn.Module()
    whole.visual, whole.logit_scale = theirs, torch.nn.Parameter(torch.ones(()))
    path = tmp_path / 'ViT-B-16.pt'
    if kind == 'script':
        torch.jit.save(torch.jit.script(whole), path)
    else:
        prefix = 'module.' if kind == 'ddp' else ''
        torch.save(dict(epoch=1, state_dict={prefix + k: v for k, v in whole.state_dict().items()}), path)
    images = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        patches, cls, projection = theirs(images)
    for out_type, expected in dict(patches=patches, cls=cls, projection=projection).items():
        ours = build(dict(type='CLIPVisionTower', arch=TINY_CLIP, out_type=out_type,
                          init_cfg=dict(type='Pretrained', checkpoint=f'clip://{path}')))
        ours.init_weights()
        found, = ours(images)
        assert ours.out_channels == expected.shape[-1] and not found.requires_grad
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('family', ['clip', 'chinese_clip'])
@pytest.mark.parametrize('how', ['folder', 'file'])
def test_clip_tower_equals_that_of_transformers(tmp_path, family, how):
    import transformers
    use_safe_loading()
    if family == 'clip':
        config = transformers.CLIPConfig(
            vision_config=TINY_CLIP, projection_dim=6,
            text_config=dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8))
        theirs = _randomize(transformers.CLIPModel(config))
    else:
        config = transformers.ChineseCLIPConfig(
            vision_config=TINY_CLIP, projection_dim=6,
            text_config=dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8))
        theirs = _randomize(transformers.ChineseCLIPModel(config))
    theirs.save_pretrained(tmp_path)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = theirs.visual_projection(theirs.vision_model(pixel_values=images).pooler_output)
    if how == 'folder':
        ours = build(dict(type='CLIPVisionTower', name_or_path=str(tmp_path)))
    else:
        ours = build(dict(type='CLIPVisionTower', arch=TINY_CLIP, init_cfg=dict(
            type='Pretrained', checkpoint=f'clip://{tmp_path / "model.safetensors"}')))
    ours.init_weights()
    torch.testing.assert_close(ours(images)[0], expected, rtol=1e-4, atol=1e-4)
