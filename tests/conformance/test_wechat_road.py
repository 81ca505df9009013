"""The WeChat recipes plan the whole road; each training of the small ones takes a step on made-up files."""
import pytest
import torch
from mmengine.dataset import pseudo_collate

from mmcomp.apis import build, load_config, predict_table
from mmcomp.apis.config import set_list
from mmcomp.apis.config_check import check_config
from mmcomp.recipes.instance import Bound, replaced
from mmcomp.recipes.recipe import load_recipe
from mmcomp.recipes.stage import Site
from mmcomp.recipes.stages.split import Split
from mmcomp.recipes.stages.wechat import WeChatTwin
from mmcomp.registry import DATASETS

SIZES = dict(recipe=24, recipe_best=109, recipe_small=28, recipe_ladder=47)


@pytest.fixture(scope='module')
def plans(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp('plans')
    return {name: load_recipe(root / f'configs/wechat/{name}.py', work_dir=folder, need_files=False).plan
            for name in SIZES}


def test_the_whole_road(plans):
    for name, plan in plans.items():
        assert len(plan.instances) == SIZES[name], name
        ends = [i for i in plan.instances.values() if i.type.__name__ == 'WeChatResult']
        assert ends and all(plan.needs(end.name) for end in ends)
    published = plans['recipe'].instances
    assert published['single_soup'].settings['top'] == 12 and published['double_soup'].settings['top'] == 5
    assert published['split'].settings['folds'] == 10 and published['split'].settings['seed'] == 2022
    assert published['published'].settings['method'] == 'logit' and published['boost'].settings['k'] == 10
    assert set(published['features-labeled'].settings) >= {'config', 'ann', 'frame_zips'}
    assert list(published['test'].settings['also']) == ['double', 'student']


@pytest.fixture(scope='module')
def files(plans, tmp_path_factory):
    """Paths of the outputs that trainings of the small recipes read, made small."""
    folder = tmp_path_factory.mktemp('files')
    small = {k: v for k, v in plans['recipe_small'].instances['data'].settings.items() if k not in ('type', )}
    WeChatTwin(**dict(small, labeled=60, unlabeled=40, test=10)).run(Site('data', folder, 'key'))
    Split(ann=str(folder / 'labeled.txt'), folds=5).run(Site('split', folder, 'key'))
    found = {('data', name): folder / output.name for name, output in WeChatTwin.outputs.items()}
    return found | {(stage, part): folder / f'{part}.txt' for stage in ('split', 'inner') for part in ('train', 'val')}


def config_of(plans, files, name):
    """The config of a training with the small files."""
    instance = plans['recipe_ladder'].instances[name]

    def path(leaf):
        return str(files[leaf.instance, leaf.output]) if isinstance(leaf, Bound) else leaf
    cfg = load_config(instance.config(), replaced(instance.settings['options'], path))
    for loader, part in (('train_dataloader', 'train'), ('val_dataloader', 'val')):
        if 'ann' in instance.settings and isinstance(instance.settings['ann'], Bound):
            set_list(cfg, loader, files['split', part])
    cfg.model.pop('init_cfg', None)
    return cfg


@pytest.mark.parametrize('name', ['text', 'frames', 'single_plain', 'double_plain', 'single_pgd', 'single_pretrain',
                                  'double_pretrain'])
def test_a_step_of_each_training(plans, files, name):
    cfg = config_of(plans, files, name)
    if 'teacher' in cfg.model:  # what it would learn from the training around it
        cfg.model.teacher.ramp_iters = 10
        cfg.model.tasks[1].queue_size = 24
    assert [str(fault) for fault in check_config(cfg) if fault.level == 'error'] == []
    dataset = build(cfg.train_dataloader.dataset.to_dict(), DATASETS)
    torch.manual_seed(0)
    model = build(cfg.model.to_dict())
    batch = model.data_preprocessor(pseudo_collate([dataset[i] for i in range(6)]), True)
    losses = model(**batch, mode='loss')
    total = sum(value.mean() for key, value in losses.items() if 'loss' in key)
    total.backward()
    assert torch.isfinite(total) and all(p.grad is not None for p in model.parameters() if p.requires_grad)


def test_views_of_other_frames_are_averaged(plans, files, tmp_path):
    cfg, test = config_of(plans, files, 'double_plain'), str(files['data', 'test'])
    cfg.tta_pipeline[0].max_length = 48
    torch.manual_seed(0)
    model = build(cfg.model.to_dict()).eval()
    torch.save(dict(state_dict=model.state_dict(), meta={}), tmp_path / 'weights.pth')
    table = predict_table(cfg, str(tmp_path / 'weights.pth'), str(tmp_path / 'views.pkl'), ann=test, tta=True)
    logits = []
    for view in range(3):
        pipeline = [dict(type='SampleFrames', max_frames=14, view=view, views=3),
                    dict(type='AssembleText', max_length=48), dict(type='PackModalities')]
        dataset = build(dict(cfg.test_dataloader.dataset.to_dict(), id_list=test, pipeline=pipeline), DATASETS)
        inputs = model.data_preprocessor(pseudo_collate([dataset[i] for i in range(len(dataset))]), False)['inputs']
        with torch.inference_mode():
            logits.append(model.head(model.extract_feat(inputs)))
    assert table.ids.tolist() == dataset.sample_ids
    expected = torch.stack(logits).mean(dim=0).softmax(dim=1)
    torch.testing.assert_close(torch.as_tensor(table.scores), expected, rtol=1e-4, atol=1e-6)
