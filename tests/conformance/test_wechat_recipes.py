"""The WeChat recipes say what was published, and a step of each runs at a small width."""
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmpretrain.structures import DataSample

from mmcomp.apis import build
from mmcomp.apis.config_check import check_config
from mmcomp.registry import HOOKS

BERT = dict(model_type='bert', vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=300)
NAMES = ('single', 'double', 'single-fixed', 'double-fixed')
# Learning rates of parts, as published.
RATES = {
    'single': {'encoders.text.word_embeddings.weight': 7e-5, 'fusion.model.encoder.layer.1.output.dense.weight': 7e-5,
               'encoders.frames.features.0.weight': 5e-5, 'head.fc.weight': 5e-5},
    'double': {'encoders.text.model.embeddings.word_embeddings.weight': 7e-5, 'fusion.layers.0.linear1.weight': 8e-5,
               'encoders.frames.features.0.weight': 5e-5, 'head.fc.weight': 5e-5},
}  # yapf: disable


@pytest.fixture(scope='module')
def configs(root):
    return {name: Config.fromfile(root / 'configs' / 'wechat' / f'{name}.py') for name in NAMES}


def shrunk(cfg: Config) -> torch.nn.Module:
    """The recipe's model with a tiny BERT and without its weights."""
    torch.manual_seed(0)
    model = cfg.model.to_dict()
    model.pop('init_cfg')
    for part in (model['encoders']['text'], model['fusion']):
        if part.pop('name_or_path', None):
            part['config'] = BERT
    if model['fusion']['type'] == 'CrossAttentionDecoder':
        model['fusion'].update(channels=16, heads=2, ffn_channels=32)
    model['encoders']['frames']['out_channels'] = model['head']['in_channels'] = 16
    return build(model)


def batch(frames=(14, 3, 0)) -> dict:
    random, rows = np.random.default_rng(0), []
    for place, count in enumerate(frames):
        text = random.integers(1, 40, 5 + 100 * place).astype(np.int32)
        rows.append(dict(inputs=dict(text=text, frames=random.normal(size=(count, 512)).astype(np.float16)),
                         data_samples=DataSample(metainfo=dict(sample_id=str(place))).set_gt_label(199 - place)))
    return pseudo_collate(rows)


@pytest.mark.parametrize('name', NAMES)
def test_published_settings(configs, root, name):
    cfg, stream = configs[name], name.split('-')[0]
    fusion, hook = cfg.model.fusion, cfg.custom_hooks[1]
    if stream == 'single':
        assert (fusion.type, list(fusion.order)) == ('ConcatTransformer', ['frames', 'text'])
    else:
        assert (fusion.num_layers, fusion.heads, fusion.ffn_channels, fusion.query) == (3, 12, 2048, 'frames')
    assert (cfg.model.head.num_classes, cfg.model.encoders.frames.in_channels) == (200, 512)
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_iters) == (32, 5 * (90_000 // 32))
    assert [warm.end for warm in cfg.param_scheduler] == [round(0.06 * 14060), 14060]
    assert 1 + (14060 - cfg.train_cfg.val_begin) // cfg.train_cfg.val_interval == 23
    assert cfg.default_hooks.checkpoint.interval == cfg.train_cfg.val_interval
    HOOKS.build(cfg.default_hooks.checkpoint)  # mmengine knows no direction of this score
    assert cfg.custom_hooks[0].momentum == pytest.approx(1 - 0.995)
    assert (hook.method, hook.eps, hook.alpha, hook.steps) == ('PGD', 1.0, 0.3, 3)
    assert hook.get('start_epoch', 0) == (1 if stream == 'double' else 0)
    assert [step.get('max_frames', step.get('max_length')) for step in cfg.train_pipeline[:2]] == [14, 258]
    assert not [fault for fault in check_config(cfg) if fault.level == 'error']
    assert len((root / 'configs' / 'wechat' / f'{name}.py').read_text().splitlines()) < 35


@pytest.mark.parametrize('name', NAMES)
def test_a_step(configs, name):
    cfg, stream = configs[name], name.split('-')[0]
    net = shrunk(cfg)
    wrapper = build_optim_wrapper(net, cfg.optim_wrapper.to_dict())
    groups = {id(parameter): group for group in wrapper.param_groups for parameter in group['params']}
    parameters = dict(net.named_parameters())
    assert {key: groups[id(parameters[key])]['lr'] for key in RATES[stream]} == RATES[stream]
    assert all(groups[id(parameter)]['weight_decay'] == 0 for key, parameter in parameters.items()
               if key.endswith('bias') or 'norm' in key.lower())
    data = net.data_preprocessor(batch(), True)
    fixed = 'fixed' in name
    assert data['inputs']['text']['ids'].shape[1] == (208 if fixed else 258)
    losses = net(**data, mode='loss')
    losses['loss'].backward()
    wrapper.step()
    assert torch.isfinite(losses['loss']) and all(torch.isfinite(p).all() for p in net.parameters())
    net.eval()
    with torch.no_grad():  # a sample's company changes nothing, fixed widths or not
        logits = net(net.data_preprocessor(batch((9, 3)))['inputs'])[0]
        alone = net(net.data_preprocessor(batch((9, )))['inputs'])[0]
    torch.testing.assert_close(logits, alone, rtol=1e-4, atol=1e-5)


def test_fixed_recipes_differ_in_their_fixes_alone(configs):
    for stream in ('single', 'double'):
        published, fixed = configs[stream].to_dict(), configs[f'{stream}-fixed'].to_dict()
        assert fixed['val_dataloader']['dataset']['pipeline'][0]['choice'] == 'spread'
        assert published['val_dataloader']['dataset']['pipeline'][0]['choice'] == 'random'
        for cfg in (published, fixed):
            cfg['model']['neck'] = cfg['model']['data_preprocessor'] = None
            for loader in ('val_dataloader', 'test_dataloader'):
                cfg[loader]['dataset']['pipeline'] = None
        assert published == fixed
