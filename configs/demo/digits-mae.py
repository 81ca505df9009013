# python tools/train.py configs/demo/digits-mae.py       (after `mmcomp demo --data-only`)
# Masked autoencoder on the training pool and the test set at 24 px, 18 of the 36 patches hidden. No labels.
_base_ = ['_base_/digits.py']
data_preprocessor = dict(type='SelfSupDataPreprocessor')
model = dict(
    type='MAE',
    backbone=dict(
        type='MAEViT', arch=dict(embed_dims=64, num_layers=3, num_heads=4, feedforward_channels=256),
        img_size=24, patch_size=4, mask_ratio=0.5),
    neck=dict(type='MAEPretrainDecoder', num_patches=36, patch_size=4, embed_dim=64, decoder_embed_dim=32,
              decoder_depth=1, decoder_num_heads=2),
    head=dict(type='MAEPretrainHead', norm_pix=False, patch_size=4,
              loss=dict(type='PixelReconstructionLoss', criterion='L2')))
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomAffine', max_angle_deg=15, max_shift=0.1, scale_range=(0.85, 1.15), max_shear_deg=10),
    dict(type='Resize', scale=(24, 24), interpolation='area'),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    batch_size=64,
    dataset=dict(ann_file='meta/mae.txt', with_label=False, image_roots=dict(train='train'), classes=None,
                 pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=2e-3, betas=(0.9, 0.95)))
train_cfg = dict(_delete_=True, by_epoch=True, max_epochs=30)
val_dataloader = val_evaluator = val_cfg = None
test_dataloader = test_evaluator = test_cfg = None
custom_hooks = []
