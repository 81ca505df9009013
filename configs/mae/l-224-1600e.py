# tools/dist_train.sh configs/mae/l-224-1600e.py 8 --amp     (published: 16 GPUs of 256 images; batch 4096 in all)
# Score: none of its own; it is where configs/vit starts. Copy the last epoch to checkpoints/mae-l-224/epoch_1600.pth.
# Hardware: 16 A100 80 GB, about a week.
# Weights: MAE ViT-L/16 of ImageNet-1k, OpenMMLab (`mae-vit-large-p16-in1k-1600e` in mmcomp/checkpoints/weights.py).
_base_ = [
    '../_base_/models/mae_vit_l.py',
    '../_base_/schedules/mae_1600e.py',
    '../_base_/runtime/default.py',
]
data_preprocessor = dict(
    type='SelfSupDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
train_dataloader = dict(
    batch_size=512,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='ImageListDataset',
        data_root='data/ACCV_workshop',
        ann_file='meta/mae.txt',
        with_label=False,
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(
                type='RandomResizedCrop',
                scale=224,
                crop_ratio_range=(0.2, 1.0),
                backend='pillow',
                interpolation='bicubic'),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackInputs'),
        ]))
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
load_from = ('https://download.openmmlab.com/mmselfsup/1.x/mae/mae_vit-large-p16_8xb512-fp16-coslr-1600e_in1k/'
             'mae_vit-large-p16_8xb512-fp16-coslr-1600e_in1k_20220825-cc7e98c9.pth')
