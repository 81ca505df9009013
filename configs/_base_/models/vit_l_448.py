# ViT-L/16 at 448 px from an MAE checkpoint, mean of the patch tokens. A recipe adds the head.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='VisionTransformer',
        arch='large',
        img_size=448,
        patch_size=16,
        drop_path_rate=0.1,
        out_type='avg_featmap',
        final_norm=False,
        init_cfg=dict(type='Pretrained', checkpoint='checkpoints/mae-l-224/epoch_1600.pth', prefix='backbone.')),
    head=dict(num_classes=5000, in_channels=1024))
custom_hooks = [dict(type='ClassCountsHook')]
