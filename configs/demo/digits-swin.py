# python tools/train.py configs/demo/digits-swin.py      (after `mmcomp demo --data-only`)
# Score: see README.md. Hardware: a CPU core, a minute or two. Weights: none, trained from scratch.
_base_ = ['_base_/digits.py']
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='SwinTransformerV2',
        arch=dict(embed_dims=32, depths=[1, 1, 1], num_heads=[2, 4, 8], extra_norm_every_n_blocks=0),
        img_size=32, patch_size=4, window_size=[4, 4, 2], pretrained_window_sizes=[0, 0, 0], out_indices=(2, ),
        use_abs_pos_embed=True, drop_path_rate=0.0),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='ArcFaceHead', num_classes=10, in_channels=128, num_subcenters=2, scale=16.0, margin='adaptive',
              margin_range=(0.05, 0.3)))
