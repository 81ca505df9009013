# tools/train.py configs/wechat/sprite-frames.py      (files: the stage `data` of recipe_sprites.py)
# A ResNet-18 of 16 to 128 channels on single frames of 48 px, told by the clips' words alone what they show: action and
# direction, some of them wrong. Its means over places are the features of frames. Hardware: a core. Weights: none.
_base_ = ['../_base_/runtime/default.py']
data_preprocessor = dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True)
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet', depth=18, stem_channels=16, base_channels=16, num_stages=4, out_indices=(3, )),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=21, in_channels=128,
              loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original')))
train_dataloader = dict(
    batch_size=32, num_workers=0, drop_last=True, collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='ImageListDataset', data_root='data/sprites/', ann_file='frames.txt', image_root='frames',
        pipeline=[
            dict(type='LoadImageFromFile'), dict(type='RandomCrop', crop_size=64, padding=4, pad_val=128),
            dict(type='Resize', scale=(48, 48), interpolation='area'),
            dict(type='ColorJitter', brightness=0.3, contrast=0.3, saturation=0.3), dict(type='PackInputs')]))
optim_wrapper = dict(
    constructor='MergedGroupsConstructor', optimizer=dict(type='AdamW', lr=3e-3, weight_decay=0.05, fused=True),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=40, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=40, end=400, by_epoch=False),
]
train_cfg = dict(by_epoch=False, max_iters=400, val_interval=10000)
log_processor = dict(by_epoch=False)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=400, max_keep_ckpts=1), logger=dict(interval=50))
randomness = dict(seed=0)
