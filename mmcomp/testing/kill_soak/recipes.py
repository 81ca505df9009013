"""The trainings that are killed: three configs over toy images."""
from pathlib import Path

from mmcomp.testing.toy_training import write_toy_config

# A place for anything that a resume could forget: augmentation, dropped paths, class counts, averaged weights, EQL.
SWIN = """
_base_ = ['toy.py']
train_pipeline = [
    dict(type='LoadImageFromFile'), dict(type='RandomCrop', crop_size=32, padding=3),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'), dict(type='RandomErasing', erase_prob=0.5),
    dict(type='PackInputs')]
test_pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
model = dict(
    _delete_=True, type='ImageClassifier',
    data_preprocessor=dict(num_classes=2, mean=[127.5] * 3, std=[127.5] * 3),
    backbone=dict(
        type='SwinTransformerV2', img_size=32,
        arch=dict(embed_dims=16, depths=[1, 1], num_heads=[1, 2], extra_norm_every_n_blocks=0),
        patch_size=4, window_size=[4, 4], pretrained_window_sizes=[0, 0], out_indices=(1, ),
        drop_rate=0.1, drop_path_rate=0.2),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='ArcFaceHead', num_classes=2, in_channels=32, num_subcenters=2, margin='adaptive', scale=16.0,
              loss=dict(type='SoftmaxEQLLoss', num_classes=2)))
train_cfg = dict(max_epochs=4)
optim_wrapper = dict(
    _delete_=True, optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05), clip_grad=dict(max_norm=1.0),
    paramwise_cfg=dict(norm_decay_mult=0.0))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, end=1, convert_to_iter_based=True),
                   dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True)]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1, save_best='auto'), logger=dict(type='LoggerHook', interval=2))
custom_hooks = [dict(type='ClassCountsHook'), dict(type='EMAHook', momentum=0.1),
                dict(type='EarlyStoppingHook', monitor='accuracy/top1', patience=9)]
"""

MAE = """
_base_ = ['toy.py']
data_preprocessor = dict(type='SelfSupDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3)
model = dict(
    _delete_=True, type='MAE',
    backbone=dict(type='MAEViT', arch=dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=32),
                  img_size=32, patch_size=8, mask_ratio=0.5),
    neck=dict(type='MAEPretrainDecoder', num_patches=16, patch_size=8, embed_dim=16, decoder_embed_dim=16,
              decoder_depth=1, decoder_num_heads=2),
    head=dict(type='MAEPretrainHead', norm_pix=True, patch_size=8,
              loss=dict(type='PixelReconstructionLoss', criterion='L2')))
pipeline = [
    dict(type='LoadImageFromFile'), dict(type='RandomResizedCrop', scale=32, crop_ratio_range=(0.5, 1.0)),
    dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=pipeline), num_workers=1)
val_dataloader = val_evaluator = val_cfg = None
train_cfg = dict(max_epochs=5)
optim_wrapper = dict(_delete_=True, optimizer=dict(type='AdamW', lr=1e-3, betas=(0.9, 0.95)))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True)]
default_hooks = dict(
    checkpoint=dict(by_epoch=False, interval=5, max_keep_ckpts=2), logger=dict(type='LoggerHook', interval=2))
"""

# A step every 3 batches, of which an epoch has 8 (or 4, or 2 on a rank): epochs end, and checkpoints are written, in
# the middle of an accumulation.
ACCUMULATION = """
_base_ = ['toy.py']
model = dict(train_cfg=dict(augments=[dict(type='Mixup', alpha=0.8)]), head=dict(loss=dict(use_soft=True)))
train_cfg = dict(max_epochs=4, val_interval=2)
optim_wrapper = dict(type='AmpOptimWrapper', dtype='bfloat16', accumulative_counts=3)
default_hooks = dict(checkpoint=dict(interval=1, max_keep_ckpts=3), logger=dict(type='LoggerHook', interval=1))
"""
RECIPES = dict(swin=SWIN, mae=MAE, accumulation=ACCUMULATION)


def write_recipes(folder: str | Path, images_per_class: int = 32) -> dict[str, Path]:
    """Write the data of two classes and the configs; their paths by name. A batch is of 8 images."""
    toy = write_toy_config(folder, images_per_class)
    paths = {name: toy.parent / f'{name}.py' for name in RECIPES}
    for name, path in paths.items():
        path.write_text(RECIPES[name], encoding='utf-8')
    return paths
