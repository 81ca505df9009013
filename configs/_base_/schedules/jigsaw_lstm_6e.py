# Six epochs of Adam; each has 0.55 of the learning rate before.
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3, fused=True))
param_scheduler = [dict(type='ExponentialLR', gamma=0.55, by_epoch=True)]
train_cfg = dict(by_epoch=True, max_epochs=6, val_interval=1)
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=0)
