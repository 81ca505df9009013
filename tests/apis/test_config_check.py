"""The checker: all faults at once, none in our recipes."""
import pytest
from mmengine.config import Config

from mmcomp.apis.config_check import check_config

PIPELINE = [dict(type='LoadImageFromFile'), dict(type='Resize', scale=32), dict(type='PackInputs')]
LOADER = dict(batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True), collate_fn=dict(
    type='default_collate'), dataset=dict(type='ImageListDataset', ann_file='http://host/a.txt', pipeline=PIPELINE))
GOOD = dict(
    default_scope='mmcomp',
    data_preprocessor=dict(mean=[0.0], std=[1.0], to_rgb=True),
    model=dict(
        type='ImageClassifier', backbone=dict(type='ResNet', depth=18, norm_cfg=dict(type='BN', requires_grad=True)),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(type='LinearClsHead', num_classes=3, in_channels=512, loss=dict(type='CrossEntropyLoss'),
                  init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02)),
        train_cfg=dict(augments=[dict(type='Mixup', alpha=0.8)])),
    train_dataloader=LOADER, train_cfg=dict(by_epoch=True, max_epochs=2),
    val_dataloader=LOADER, val_cfg=dict(), val_evaluator=[dict(type='Accuracy', topk=(1, ))],
    optim_wrapper=dict(type='AmpOptimWrapper', dtype='float16', clip_grad=dict(max_norm=1.0), optimizer=dict(
        type='AdamW', lr=1e-3), paramwise_cfg=dict(norm_decay_mult=0.0), constructor='DefaultOptimWrapperConstructor'),
    param_scheduler=[dict(type='LinearLR', start_factor=0.1, end=1, by_epoch=True, convert_to_iter_based=True),
                     dict(type='CosineAnnealingLR', eta_min=1e-5, begin=1)],
    default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1, priority='LOW'), timer=None),
    custom_hooks=[dict(type='EMAHook')],
    visualizer=dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')]),
    log_processor=dict(window_size=10), env_cfg=dict(cudnn_benchmark=True, dist_cfg=dict(backend='nccl')),
    randomness=dict(seed=0), auto_scale_lr=dict(base_batch_size=64),
    tta_model=dict(type='AverageClsScoreTTA'),
    tta_pipeline=[PIPELINE[0], dict(type='TestTimeAug', transforms=[
        [dict(type='RandomFlip', prob=0.0), dict(type='RandomFlip', prob=1.0)], [dict(type='PackInputs')]])],
    load_from=None, resume=False, work_dir='work_dirs/x')


def errors(cfg):
    return [fault for fault in check_config(cfg) if fault.level == 'error']


def changed(place, value):
    """``GOOD`` with the value at a dotted place replaced."""
    cfg = Config(GOOD).to_dict()
    *path, last = place.split('.')
    node = cfg
    for key in path:
        node = node[int(key) if isinstance(node, list) else key]
    node[int(last) if isinstance(node, list) else last] = value
    return Config(cfg)


def test_a_good_config_has_no_faults():
    assert check_config(Config(GOOD)) == []


PLANTED = """
model = dict(
    type='ImageClassifier', backbone=dict(type='ResNet', depth=18), neck=dict(type='GlobalAveragePoolin'),
    head=dict(type='LinearClsHead', num_class=3, num_classes=3, in_channels=512))
_pipeline = [dict(type='LoadImageFromFile'), dict(type='RandomResizedCrop'), dict(type='PackInputs')]
train_dataloader = dict(batch_size=2, sampler=dict(type='DefaultSampler', shuffle=True), dataset=dict(
    type='ImageListDataset', ann_file='nowhere/train.txt', pipeline=_pipeline))
train_cfg = dict(by_epoch=True, max_epochs=2)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
param_schedulr = dict(type='LinearLR')
"""


def test_five_planted_faults_are_reported_at_once(tmp_path):
    path = tmp_path / 'planted.py'
    path.write_text(PLANTED)
    faults = {fault.where: fault for fault in check_config(path, strict=True)}
    assert set(faults) == {
        'model.neck', 'model.head.num_class', 'train_dataloader.dataset.pipeline.1',
        'train_dataloader.dataset.ann_file', 'param_schedulr'}
    assert {fault.level for fault in faults.values()} == {'error'}
    assert 'Did you mean `GlobalAveragePooling`?' in faults['model.neck'].message
    assert '`scale`' in faults['train_dataloader.dataset.pipeline.1'].message
    assert 'nowhere/train.txt' in faults['train_dataloader.dataset.ann_file'].message
    assert '`param_scheduler`' in faults['param_schedulr'].message
    lenient = {fault.where: fault.level for fault in check_config(path)}
    assert lenient == {**{where: 'error' for where in faults}, 'train_dataloader.dataset.ann_file': 'warning'}


@pytest.mark.parametrize(('place', 'value', 'where', 'says'), [
    ('model.type', 'ImageClasifier', 'model', 'ImageClassifier'),
    ('model.backbone.type', 'Accuracy', 'model.backbone', 'It is one of METRICS'),
    ('model.head.loss.type', 'CrossEntropyLos', 'model.head.loss', 'CrossEntropyLoss'),
    ('model.head.loss.los_weight', 1, 'model.head.loss.los_weight', 'loss_weight'),
    ('model.head.init_cfg.type', 'TruncNorml', 'model.head.init_cfg', 'WEIGHT_INITIALIZERS'),
    ('model.head.init_cfg.sdt', 1, 'model.head.init_cfg.sdt', 'std'),
    ('model.backbone.norm_cfg.type', 'BNN', 'model.backbone.norm_cfg', 'MODELS'),
    ('model.backbone', dict(type='ResNet'), 'model.backbone', 'must be given `depth`'),
    ('model.backbone.type', 'mmpretrain.models.NoSuchNet', 'model.backbone', 'MODELS'),
    ('model.train_cfg.augments.0.num_classes', 3, 'model.train_cfg.augments.0.num_classes', 'Mixup takes no argument'),
    ('model.train_cfg.prob', 1, 'model.train_cfg.prob', 'probs'),
    ('data_preprocessor.to_rbg', True, 'data_preprocessor.to_rbg', 'to_rgb'),
    ('train_dataloader.dataset.type', 'ImageListDatset', 'train_dataloader.dataset', 'ImageListDataset'),
    ('train_dataloader.dataset.clases', 3, 'train_dataloader.dataset.clases', 'classes'),
    ('train_dataloader.dataset.pipeline.1.type', 'Resise', 'train_dataloader.dataset.pipeline.1', 'Resize'),
    ('train_dataloader.sampler.shufle', 1, 'train_dataloader.sampler.shufle', 'shuffle'),
    ('train_dataloader.bach_size', 1, 'train_dataloader.bach_size', 'batch_size'),
    ('train_dataloader.collate_fn.type', 'default_colate', 'train_dataloader.collate_fn', 'default_collate'),
    ('val_evaluator.0.type', 'Acuracy', 'val_evaluator.0', 'Accuracy'),
    ('optim_wrapper.type', 'AmpOptimWraper', 'optim_wrapper', 'AmpOptimWrapper'),
    ('optim_wrapper.clip_grads', 1, 'optim_wrapper.clip_grads', 'clip_grad'),
    ('optim_wrapper.optimizer.weight_deca', 1, 'optim_wrapper.optimizer.weight_deca', 'weight_decay'),
    ('optim_wrapper.constructor', 'NoSuchConstructor', 'optim_wrapper.constructor', 'OPTIM_WRAPPER_CONSTRUCTORS'),
    ('optim_wrapper.paramwise_cfg.norm_decay', 0, 'optim_wrapper.paramwise_cfg.norm_decay', 'norm_decay_mult'),
    ('param_scheduler.0.start_facto', 1, 'param_scheduler.0.start_facto', 'start_factor'),
    ('default_hooks.chekpoint', dict(type='CheckpointHook'), 'default_hooks.chekpoint', 'checkpoint'),
    ('custom_hooks.0.type', 'EMAHok', 'custom_hooks.0', 'EMAHook'),
    ('visualizer.vis_backends.0.type', 'LocalVisBackends', 'visualizer.vis_backends.0', 'VISBACKENDS'),
    ('log_processor.window', 1, 'log_processor.window', 'window_size'),
    ('env_cfg.cudnn_benchmar', 1, 'env_cfg.cudnn_benchmar', 'cudnn_benchmark'),
    ('randomness.sed', 1, 'randomness.sed', 'seed'),
    ('train_cfg.max_epoch', 3, 'train_cfg.max_epoch', 'max_epochs'),
    ('train_cfg', dict(max_epochs=2), 'train_cfg', 'by_epoch'),
    ('train_cfg.type', 'EpochBasedTrainLoop', 'train_cfg.by_epoch', 'takes no argument'),
    ('val_evaluator', None, 'val_dataloader', 'together'),
    ('tta_pipeline.1.transforms.0.0.type', 'RandomFlp', 'tta_pipeline.1.transforms.0.0', 'RandomFlip'),
    ('runner_type', 'Runer', 'runner_type', 'Runner'),
])
def test_each_place_has_its_registry(place, value, where, says):
    found = errors(changed(place, value))
    assert [fault.where for fault in found] == [where] and says in found[0].message


def test_what_ends_in_kwargs_is_a_note_not_an_error():
    backbone = dict(type='TIMMBackbone', model_name='resnet18', in_channel=3)
    found = [fault for fault in check_config(changed('model.backbone', backbone))]
    assert [(fault.where, fault.level) for fault in found] == [('model.backbone.in_channel', 'note')]
    assert 'not checkable' in found[0].message and '`in_channels`' in found[0].message


def test_a_file_that_can_not_be_loaded_is_one_fault(tmp_path):
    found = check_config(tmp_path / 'nope.py')
    assert [fault.level for fault in found] == ['error'] and 'nope.py' in str(found[0])


def test_our_recipes_have_no_errors(root):
    # Recipes of stages are checked by the tool.
    files = [path for path in sorted((root / 'configs').rglob('*.py'))
             if '_base_' not in path.parts and not path.stem.startswith('recipe')]
    assert files
    assert [f'{path}: {fault}' for path in files for fault in check_config(path) if fault.level == 'error'] == []


def test_tokenizers_are_no_components_and_text_transforms_are():
    texts = dict(type='TabularTextDataset', rows=[dict(type='letter', text='a')],
                 text_transforms=[dict(type='LowerCase')],
                 tokenizer=dict(type='WordPiece', vocab=['[UNK]']))
    assert not errors(changed('train_dataloader.dataset', texts))
    texts['text_transforms'][0]['type'] = 'LowerCas'
    assert 'LowerCase' in str(errors(changed('train_dataloader.dataset', texts)))
