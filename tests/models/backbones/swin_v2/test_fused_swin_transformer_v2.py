"""The fused Swin V2 is mmpretrain's: weights, answers, gradients, under every switch."""
import copy
import inspect

import pytest
import torch
from mmpretrain.models import SwinTransformerV2
from mmpretrain.models.utils import WindowMSAV2
from torch import nn

from mmcomp.errors import ConfigError
from mmcomp.models.backbones import FusedSwinTransformerV2
from mmcomp.models.backbones.swin_v2 import attention
from mmcomp.models.blocks import repeated_blocks

SMALL = dict(arch=dict(embed_dims=8, depths=[2, 2], num_heads=[2, 4], extra_norm_every_n_blocks=0), img_size=32,
             window_size=[4, 4], pretrained_window_sizes=[0, 0], out_indices=(0, 1), drop_path_rate=0.0)
CASES = {
    'one window in the last stage': (dict(), (32, 32)),
    'weights from other windows': (dict(window_size=[4, 2], pretrained_window_sizes=[3, 2]), (32, 32)),
    'padded maps': (dict(), (36, 52)),
    'windows larger than maps': (dict(window_size=[8, 8], pad_small_map=True), (20, 20)),
    'odd maps': (dict(window_size=[3, 3]), (28, 28)),
    'absolute positions of another size': (dict(use_abs_pos_embed=True), (48, 48)),
    'norms after blocks': (dict(arch=dict(SMALL['arch'], extra_norm_every_n_blocks=2)), (32, 32)),
    'no bias of queries': (dict(stage_cfgs=dict(block_cfgs=dict(attn_cfgs=dict(qkv_bias=False)))), (32, 32)),
    'dropped paths': (dict(drop_path_rate=0.5, drop_rate=0.1), (32, 32)),
    'dropped attention': (dict(stage_cfgs=dict(block_cfgs=dict(attn_cfgs=dict(attn_drop=0.3)))), (32, 32)),
    'recomputed': (dict(with_cp=True), (32, 32)),
}  # yapf: disable


def _pair(**changed):
    """mmpretrain's model and ours, made with the same seed, in float64."""
    pair = []
    for kind in (SwinTransformerV2, FusedSwinTransformerV2):
        torch.manual_seed(0)
        model = kind(**dict(SMALL, **changed)).double()
        model.init_weights()
        for parameter in model.parameters():
            if parameter.requires_grad:
                nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.3)
        pair.append(model)
    return pair


def _run(model, images):
    torch.manual_seed(1)
    images = images.clone().requires_grad_()
    outs = model(images)
    sum(out.pow(3).sum() for out in outs).backward()
    return [*outs, images.grad, *(p.grad for p in model.parameters() if p.requires_grad)]


@pytest.mark.parametrize(('case', 'piece_bytes'), [
    *[(case, attention.PIECE_BYTES) for case in CASES],
    ('odd maps', 1), ('windows larger than maps', 1), ('recomputed', 1)])
def test_answers_and_gradients_are_mmpretrains(case, piece_bytes, monkeypatch):
    monkeypatch.setattr(attention, 'PIECE_BYTES', piece_bytes)
    changed, size = CASES[case]
    stock, ours = _pair(**changed)
    images = torch.randn(2, 3, *size, dtype=torch.float64)
    for got, want in zip(_run(ours, images), _run(stock, images), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-8)
    stock.eval()
    with torch.no_grad():
        for got, want in zip(ours.eval()(images), stock(images), strict=True):
            torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-8)


def test_checkpoints_and_arguments_are_mmpretrains():
    stock, ours = _pair(use_abs_pos_embed=True)
    assert inspect.signature(FusedSwinTransformerV2) == inspect.signature(SwinTransformerV2)
    state = stock.state_dict()
    assert [(key, value.shape) for key, value in ours.state_dict().items()] == [
        (key, value.shape) for key, value in state.items()]
    assert all(torch.equal(value, state[key]) for key, value in ours.state_dict().items())
    for one, other in ((stock, ours), (ours, stock)):
        with torch.no_grad():
            for parameter in other.parameters():
                parameter += 1
        # mmpretrain's own refuses the tables of its own checkpoints if it is strict.
        other.load_state_dict(copy.deepcopy(one.state_dict()), strict=other is ours)
        assert all(torch.equal(value, one.state_dict()[key]) for key, value in other.state_dict().items())
    larger = FusedSwinTransformerV2(**dict(SMALL, use_abs_pos_embed=True, window_size=[8, 4]))
    larger.load_state_dict(ours.state_dict())
    assert larger.stages[0].blocks[0].attn.w_msa.relative_position_index.shape == (64, 64)


def test_a_bias_is_kept_until_its_weights_change():
    _, model = _pair()
    images = torch.randn(1, 3, 32, 32, dtype=torch.float64)
    window = model.eval().stages[0].blocks[0].attn.w_msa
    with torch.no_grad():
        before, bias = model(images)[1], window.position_bias()
        assert window.position_bias() is bias
        window.cpb_mlp[2].weight.mul_(-1)
        assert (window.position_bias() - bias).abs().max() > 0.1
        window.cpb_mlp[2].weight.data.mul_(-1)  # unseen by autograd, as weights are exchanged for their averages
        model.eval()
        assert torch.equal(window.position_bias(), bias) and torch.equal(model(images)[1], before)
    assert window.position_bias().requires_grad


def test_inference_mode_leaves_nothing_that_training_cannot_use():
    _, model = _pair()
    images = torch.randn(1, 3, 32, 32, dtype=torch.float64)
    with torch.inference_mode():
        want = model.eval()(images)[1].clone()
    torch.testing.assert_close(model.train()(images)[1].detach(), want)
    model(images)[1].sum().backward()


def test_one_graph():
    _, model = _pair(arch=dict(embed_dims=8, depths=[2], num_heads=[2], extra_norm_every_n_blocks=0), window_size=[4],
                     pretrained_window_sizes=[0], out_indices=(0, ), drop_path_rate=0.2)
    images = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    want = _run(model.eval(), images)
    model.zero_grad()
    compiled = torch.compile(model, fullgraph=True, backend='eager')
    for got, wanted in zip(_run(compiled, images), want, strict=True):
        torch.testing.assert_close(got, wanted)


def test_mixed_precision_is_close():
    _, model = _pair()
    model.float()
    images = torch.randn(2, 3, 32, 32)
    want = model(images)[1]
    with torch.autocast('cpu', torch.bfloat16):
        got = model(images)[1]
        got.float().sum().backward()
    assert (got - want).abs().mean() < 0.05 * want.abs().mean()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


def test_blocks_layers_and_frozen_stages():
    _, model = _pair(frozen_stages=0)
    assert model.train() is model and model.eval() is model and model.train(False) is model
    assert [type(block).__name__ for block in repeated_blocks(model).values()] == ['FusedSwinBlockV2'] * 4
    model.train()
    assert not model.stages[0].training and model.stages[1].training
    assert not any(p.requires_grad for p in model.stages[0].parameters())
    depths = {name: model.get_layer_depth(f'backbone.{name}', 'backbone.')[0] for name, _ in model.named_parameters()}
    assert [depths[name] for name in ('patch_embed.projection.weight', 'stages.0.blocks.0.norm1.weight',
                                      'stages.0.blocks.1.ffn.layers.1.bias', 'stages.1.downsample.reduction.weight',
                                      'stages.1.blocks.1.attn.w_msa.q_bias', 'norm1.weight')] == [0, 1, 2, 2, 4, 5]
    assert model.get_layer_depth('head.fc.weight', 'backbone.') == (5, 6)


def test_a_map_smaller_than_its_window_is_told():
    _, model = _pair(window_size=[8, 8])
    with pytest.raises(ConfigError, match=r'window_size.*at most.*\(4, 4\).*got 8.*pad_small_map'):
        model(torch.randn(1, 3, 32, 32, dtype=torch.float64))


def test_attention_alone_stands_in_for_mmpretrains():
    stock, ours = _pair()
    window, fused = stock.stages[0].blocks[0].attn.w_msa, ours.stages[0].blocks[0].attn.w_msa
    assert isinstance(window, WindowMSAV2) and isinstance(fused, WindowMSAV2)
    tokens = torch.zeros(2, 16, 8, dtype=torch.float64)  # of padding
    mask = torch.randn(2, 16, 16, dtype=torch.float64)
    torch.testing.assert_close(fused(tokens, mask), window(tokens, mask))
