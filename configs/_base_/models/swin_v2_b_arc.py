# Swin V2 base at 384 px from 192 px weights, sub-center ArcFace with adaptive margins, softmax EQL.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='FusedSwinTransformerV2',
        arch='base',
        img_size=384,
        window_size=[24, 24, 24, 12],
        pretrained_window_sizes=[12, 12, 12, 6],
        drop_path_rate=0.2,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/mmclassification/v0/swin-v2/pretrain/'
            'swinv2-base-w12_3rdparty_in21k-192px_20220803-f7dc9763.pth',
            prefix='backbone.')),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='ArcFaceHead',
        num_classes=5000,
        in_channels=1024,
        num_subcenters=3,
        loss=dict(type='SoftmaxEQLLoss', num_classes=5000),
        init_cfg=[dict(type='TruncNormal', layer='Linear', std=0.02, bias=0.0)]))
custom_hooks = [dict(type='ClassCountsHook')]
