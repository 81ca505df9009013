"""The recipes say what was published, and one step of each runs at a small width."""
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.optim import build_optim_wrapper
from PIL import Image

from mmcomp.registry import MODELS, TRANSFORMS

RECIPES = {
    'swin/b-384-arc.py': dict(arch='base', img_size=384, in_channels=1024, lr=1e-4, epochs=20, drop_path=0.2),
    'swin/l-384-arc.py': dict(arch='large', img_size=384, in_channels=1536, lr=1e-4, epochs=20, drop_path=0.2),
    'vit/l-448-arc.py': dict(arch='large', img_size=448, in_channels=1024, lr=1e-3, epochs=30, drop_path=0.1),
    'vit/l-448-ce.py': dict(arch='large', img_size=448, in_channels=1024, lr=2e-3, epochs=30, drop_path=0.1),
}
TINY = {
    'FusedSwinTransformerV2': (16, dict(embed_dims=16, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1],
                                   extra_norm_every_n_blocks=0)),
    'VisionTransformer': (32, dict(embed_dims=32, num_layers=1, num_heads=2, feedforward_channels=32)),
}


def _files(root):
    recipes = [path for folder in ('swin', 'vit', 'mae') for path in (root / 'configs' / folder).rglob('*.py')
               if not path.stem.startswith('recipe')]
    named = ''.join(path.read_text() for path in recipes)
    return recipes + [path for path in (root / 'configs' / '_base_').rglob('*.py') if f'/{path.name}' in named]


def test_sizes(root):
    # Not what recipes may choose beside.
    files = [path for path in _files(root) if not path.stem.endswith(('_fast', '_composed'))]
    lines = {path: len(path.read_text().splitlines()) for path in files}
    assert sum(lines.values()) < 600
    assert max(n for path, n in lines.items() if '_base_' not in path.parts and path.parent.name != 'mae') < 35


@pytest.mark.parametrize('name', RECIPES)
def test_published_settings(root, name):
    cfg, want = Config.fromfile(root / 'configs' / name), RECIPES[name]
    backbone, head, optimizer = cfg.model.backbone, cfg.model.head, cfg.optim_wrapper.optimizer
    assert (backbone.arch, backbone.img_size, backbone.drop_path_rate) == (
        want['arch'], want['img_size'], want['drop_path'])
    assert (head.num_classes, head.in_channels) == (5000, want['in_channels'])
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('AdamW', want['lr'], 0.05)
    assert cfg.train_cfg.max_epochs == want['epochs']
    assert cfg.train_dataloader.batch_size == 16 and cfg.auto_scale_lr.base_batch_size == 1024
    assert backbone.init_cfg.prefix == 'backbone.'
    if name.startswith('swin'):
        assert backbone.window_size == [24, 24, 24, 12] and backbone.pretrained_window_sizes == [12, 12, 12, 6]
        assert f"swinv2-{want['arch']}-w12_3rdparty_in21k-192px" in backbone.init_cfg.checkpoint
        assert head.loss.type == 'SoftmaxEQLLoss'


@pytest.mark.parametrize('kind', ['swin', 'vit'])
def test_rounds_differ_from_their_recipe_in_the_list_alone(root, kind):
    rounds = sorted((root / 'configs' / kind / 'rounds').glob('*.py'))
    assert len(rounds) >= 12
    for path in rounds:
        recipe, round_name = path.stem.split('-round')
        cfg, base = Config.fromfile(path), Config.fromfile(root / 'configs' / kind / f'{recipe}.py')
        assert cfg.train_dataloader.dataset.ann_file == f'meta/round{round_name}/train.txt'
        cfg.train_dataloader.dataset.ann_file = base.train_dataloader.dataset.ann_file
        assert cfg.to_dict() == base.to_dict()


def _batch(pipeline, tmp_path):
    path = tmp_path / 'photo.jpg'
    Image.effect_noise((80, 60), 50).convert('RGB').save(path)
    run = Compose([TRANSFORMS.build(step) for step in pipeline])
    return pseudo_collate([run(dict(img_path=str(path), gt_label=label, sample_id='x')) for label in (3, 4999)])


def _shrunk(cfg):
    """The recipe's model with a tiny encoder and without its weights."""
    model = cfg.model.to_dict()
    width, arch = TINY[model['backbone']['type']]
    model['backbone'].update(arch=arch, init_cfg=None)
    model['head']['in_channels'] = width * 8 if 'Swin' in model['backbone']['type'] else width
    return MODELS.build(dict(model, data_preprocessor=cfg.data_preprocessor.to_dict()))


@pytest.mark.parametrize('name', [name for name in RECIPES if name != 'swin/b-384-arc.py'])
def test_a_step_of_training_and_of_prediction(root, name, tmp_path):
    torch.manual_seed(0)
    cfg = Config.fromfile(root / 'configs' / name)
    model = _shrunk(cfg)
    model.init_weights()
    for module in model.modules():
        if hasattr(module, 'set_class_counts'):
            module.set_class_counts(range(1, 5001))
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    losses = model.train_step(_batch(cfg.train_dataloader.dataset.pipeline, tmp_path), wrapper)
    assert torch.isfinite(losses['loss'])
    with torch.no_grad():
        predicted = model.eval().test_step(_batch(cfg.test_dataloader.dataset.pipeline, tmp_path))
        views = _batch(cfg.tta_pipeline, tmp_path)
        merged = MODELS.build(dict(cfg.tta_model.to_dict(), module=model)).test_step(views)
    for sample in (*predicted, *merged):
        torch.testing.assert_close(sample.pred_score.sum(), torch.tensor(1.0))
    assert views['inputs'][0][0].shape == (3, cfg.model.backbone.img_size, cfg.model.backbone.img_size)


def test_layer_wise_decay_of_the_learning_rate(root):
    cfg = Config.fromfile(root / 'configs/vit/l-448-arc.py')
    model = _shrunk(cfg)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    groups = {group['param_name']: group for group in optimizer.param_groups}
    assert groups['head.norm_product.weight']['lr'] == 1e-3
    assert groups['backbone.layers.0.attn.qkv.weight']['lr'] == pytest.approx(0.75e-3)
    assert groups['backbone.pos_embed']['lr'] == pytest.approx(0.75 ** 2 * 1e-3)
    for name, decay in [('backbone.pos_embed', 0), ('backbone.layers.0.ln1.weight', 0),
                        ('backbone.layers.0.attn.qkv.bias', 0), ('backbone.layers.0.attn.qkv.weight', 0.05)]:
        assert groups[name]['weight_decay'] == decay


def test_mae_learns_and_its_encoder_is_the_recipes_start(root, tmp_path):
    torch.manual_seed(0)
    cfg = Config.fromfile(root / 'configs/mae/l-224-1600e.py')
    model = cfg.model.to_dict()
    model['backbone'].update(arch=TINY['VisionTransformer'][1], img_size=32, patch_size=8)
    model['neck'].update(num_patches=16, patch_size=8, embed_dim=32, decoder_embed_dim=16, decoder_depth=1,
                         decoder_num_heads=2)
    model['head'].update(patch_size=8)
    model = MODELS.build(dict(model, data_preprocessor=cfg.data_preprocessor.to_dict()))
    model.init_weights()
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    images = torch.linspace(0, 255, 32).expand(4, 3, 32, 32).contiguous()
    batch = dict(inputs=images, data_samples=[None] * 4)
    losses = [model.train_step(batch, wrapper)['loss'].item() for _ in range(20)]
    assert sum(losses[-5:]) < sum(losses[:5])
    assert any(key.startswith('backbone.') for key in model.state_dict())
