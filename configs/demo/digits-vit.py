# python tools/train.py configs/demo/digits-vit.py --cfg-options model.backbone.init_cfg.checkpoint=MAE.pth
# Score: see README.md. Hardware: a CPU core, two minutes or three. Weights: the end of digits-mae.py.
_base_ = ['_base_/digits.py']
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='VisionTransformer',
        arch=dict(embed_dims=64, num_layers=4, num_heads=4, feedforward_channels=256),
        img_size=32, patch_size=8, out_type='avg_featmap', final_norm=False,
        init_cfg=dict(type='Pretrained', checkpoint='work_dirs/digits-mae/epoch_30.pth', prefix='backbone.')),
    head=dict(type='LogitAdjustedLinearHead', num_classes=10, in_channels=64))
train_cfg = dict(max_epochs=30)
