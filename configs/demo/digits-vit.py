# python tools/train.py configs/demo/digits-vit.py --cfg-options model.backbone.init_cfg.checkpoint=MAE.pth
# Score: see README.md. Hardware: a CPU core, two minutes or three. Weights: the end of digits-mae.py.
_base_ = ['_base_/digits.py']
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='VisionTransformer',
        arch=dict(embed_dims=64, num_layers=3, num_heads=4, feedforward_channels=256),
        img_size=24, patch_size=4, out_type='avg_featmap', final_norm=False,
        init_cfg=dict(type='Pretrained', checkpoint='work_dirs/digits-mae/epoch_30.pth', prefix='backbone.')),
    head=dict(type='LogitAdjustedLinearHead', num_classes=10, in_channels=64))
# 24 px make 36 patches of 4 px, which cost half of what the 64 of 32 px do.
small = dict(type='Resize', scale=(24, 24), interpolation='area')
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomAffine', max_angle_deg=15, max_shift=0.1, scale_range=(0.85, 1.15), max_shear_deg=10),
    small,
    dict(type='PackInputs'),
]
test_pipeline = [dict(type='LoadImageFromFile'), small, dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
moves = [('horizontal', 0), *((way, by) for way in ('horizontal', 'vertical') for by in (1 / 32, -1 / 32))]
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    small,
    dict(
        type='TestTimeAug',
        transforms=[[
            dict(type='Translate', direction=way, magnitude=by, pad_val=0, prob=1.0, random_negative_prob=0.0)
            for way, by in moves
        ], [dict(type='PackInputs')]]),
]
train_cfg = dict(max_epochs=30)
