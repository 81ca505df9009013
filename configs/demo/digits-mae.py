# python tools/train.py configs/demo/digits-mae.py       (after `mmcomp demo --data-only`)
# Masked autoencoder on the images of the training pool and the test set, half of the 16 patches hidden. No labels.
_base_ = ['_base_/digits.py']
data_preprocessor = dict(type='SelfSupDataPreprocessor')
model = dict(
    type='MAE',
    backbone=dict(
        type='MAEViT', arch=dict(embed_dims=64, num_layers=4, num_heads=4, feedforward_channels=256),
        img_size=32, patch_size=8, mask_ratio=0.5),
    neck=dict(type='MAEPretrainDecoder', num_patches=16, patch_size=8, embed_dim=64, decoder_embed_dim=32,
              decoder_depth=1, decoder_num_heads=2),
    head=dict(type='MAEPretrainHead', norm_pix=False, patch_size=8,
              loss=dict(type='PixelReconstructionLoss', criterion='L2')))
train_dataloader = dict(
    batch_size=64,
    dataset=dict(ann_file='meta/mae.txt', with_label=False, image_roots=dict(train='train'), classes=None))
optim_wrapper = dict(optimizer=dict(lr=2e-3, betas=(0.9, 0.95)))
train_cfg = dict(_delete_=True, by_epoch=True, max_epochs=30)
val_dataloader = val_evaluator = val_cfg = None
test_dataloader = test_evaluator = test_cfg = None
custom_hooks = []
