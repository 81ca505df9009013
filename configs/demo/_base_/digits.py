# Digits of 32 px: data, light augmentation without flips (characters have no mirror image), test views, schedule.
_base_ = ['../../_base_/pipelines/character_views.py']
default_scope = 'mmcomp'
data_root = 'data/digits/'
data_preprocessor = dict(mean=[64.0, 64.0, 64.0], std=[90.0, 90.0, 90.0], to_rgb=True)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomAffine', max_angle_deg=15, max_shift=0.1, scale_range=(0.85, 1.15), max_shear_deg=10),
    dict(type='PackInputs'),
]
test_pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
images = dict(type='ImageListDataset', data_root=data_root, image_root='train', image_roots=dict(test='test'),
              classes=list('0123456789'))
train_dataloader = dict(
    batch_size=16, num_workers=0, drop_last=True, sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(ann_file='meta/train.txt', pipeline=train_pipeline, **images))
val_dataloader = dict(
    batch_size=64, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(ann_file='meta/val.txt', pipeline=test_pipeline, **images))
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1, ))
test_evaluator = val_evaluator
optim_wrapper = dict(
    # A group for each option, not for each parameter, which the fused update needs to be fast.
    constructor='MergedGroupsConstructor', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05, fused=True),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0), clip_grad=dict(max_norm=1.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, eta_min=2e-4, convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=10)
val_cfg = dict()
test_cfg = dict()
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=20),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=5))
custom_hooks = [dict(type='ClassCountsHook')]
env_cfg = dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0), dist_cfg=dict(backend='gloo'))
randomness = dict(seed=0)
