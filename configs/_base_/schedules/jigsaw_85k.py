# 1.5 epochs in steps of 32 comments: linear warm-up in the first twentieth, then linear to zero.
optim_wrapper = dict(
    type='AmpOptimWrapper', dtype='bfloat16', clip_grad=dict(max_norm=1.0), constructor='MergedGroupsConstructor',
    optimizer=dict(type='AdamW', lr=2e-5, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, fused=True),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, end=4230, by_epoch=False),
    dict(type='PolyLR', power=1.0, eta_min=0.0, begin=4230, end=84603, by_epoch=False),
]
train_cfg = dict(by_epoch=False, max_iters=84603, val_interval=28201)
val_cfg = dict()
test_cfg = dict()
log_processor = dict(by_epoch=False)
randomness = dict(seed=1234)
