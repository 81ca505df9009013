# Five epochs of 2,812 steps, 6 % of them warm-up, then linear to zero; validated every 500
# steps from the 3,000th on, 23 times.
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=5e-5, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, fused=True),
    constructor='LayeredRatesConstructor', paramwise_cfg=dict(no_decay=('norm', 'bias')))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, end=844, by_epoch=False),
    dict(type='PolyLR', power=1.0, eta_min=0.0, begin=844, end=14060, by_epoch=False),
]
train_cfg = dict(by_epoch=False, max_iters=14060, val_begin=3000, val_interval=500)
val_cfg = dict()
test_cfg = dict()
log_processor = dict(by_epoch=False)
randomness = dict(seed=2022)
