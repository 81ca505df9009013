"""A small Swin V2 with an ArcFace head on the handwritten digits.

    python tools/train.py configs/demo/digits-swin.py

About 92 % on the even test set after 12 epochs, 1 minute on 2 CPU cores.
Trained from scratch; no weights needed. `mmcomp demo` writes the data.
"""
default_scope = 'mmcomp'
data_root = 'data/digits/'
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(mean=[0., 0., 0.], std=[255., 255., 255.], to_rgb=True),
    backbone=dict(
        type='SwinTransformerV2',
        arch=dict(embed_dims=32, depths=[2, 2], num_heads=[2, 4], extra_norm_every_n_blocks=0),
        img_size=32, patch_size=4, window_size=[4, 4], pretrained_window_sizes=[0, 0],
        out_indices=(1, ), drop_path_rate=0.05),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='ArcFaceHead', num_classes=10, in_channels=64, num_subcenters=2, margin='adaptive',
              margin_range=(0.05, 0.3)))

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomCrop', crop_size=32, padding=2),
    dict(type='PackInputs'),
]
test_pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
dataset = dict(type='ImageListDataset', data_root=data_root, image_root='train', classes=list('0123456789'))
train_dataloader = dict(
    batch_size=32, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(ann_file='meta/train.txt', pipeline=train_pipeline, **dataset))
val_dataloader = dict(
    batch_size=64, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(ann_file='meta/val.txt', pipeline=test_pipeline, **dataset))
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1, ))
test_evaluator = val_evaluator

optim_wrapper = dict(optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, eta_min=1e-5, convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=12, val_interval=4)
val_cfg = dict()
test_cfg = dict()
default_hooks = dict(logger=dict(type='LoggerHook', interval=20), checkpoint=dict(type='CheckpointHook', interval=1))
custom_hooks = [dict(type='ClassCountsHook')]
randomness = dict(seed=0)
