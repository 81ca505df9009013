# 1600 epochs of masked pre-training, 40 of them linear warm-up, then cosine to 0.
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=2.4e-3, weight_decay=0.05, betas=(0.9, 0.95)),
    paramwise_cfg=dict(
        custom_keys={
            'ln': dict(decay_mult=0.0),
            'bias': dict(decay_mult=0.0),
            'pos_embed': dict(decay_mult=0.0),
            'mask_token': dict(decay_mult=0.0),
            'cls_token': dict(decay_mult=0.0)
        }))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, by_epoch=True, begin=0, end=40, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=1560, by_epoch=True, begin=40, end=1600, convert_to_iter_based=True)
]
train_cfg = dict(by_epoch=True, max_epochs=1600)
auto_scale_lr = dict(base_batch_size=4096)
randomness = dict(seed=0, diff_rank_seed=True)
