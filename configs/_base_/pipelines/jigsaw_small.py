# Comments of the small Jigsaw recipe, which fills in tables, lists and vocabularies; short training on a CPU.
custom_imports = dict(imports=['mmcomp.competitions.jigsaw.components'])
texts = dict(type='JigsawDataset', max_length=48, tokenizer=dict(file='data/jigsaw/small/tokenizer.json'))
loader = dict(num_workers=0, collate_fn=dict(type='pseudo_collate'))
train_dataloader = dict(
    batch_size=64, sampler=dict(type='DefaultSampler', shuffle=True),
    batch_sampler=dict(type='LengthBucketBatchSampler'),
    dataset=dict(ann_file='data/jigsaw/small/train.csv', sample_weight=dict(mode='readme'), **texts), **loader)
val_dataloader = dict(
    batch_size=256, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(ann_file='data/jigsaw/small/train.csv', **texts), **loader)
test_dataloader = dict(
    batch_size=256, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(ann_file='data/jigsaw/small/test.csv', require_targets=False, **texts), **loader)
val_evaluator = dict(type='JigsawBiasMetric')
test_evaluator = val_evaluator
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.01, fused=True), constructor='MergedGroupsConstructor',
    clip_grad=dict(max_norm=1.0), paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, end=0.5, by_epoch=True, convert_to_iter_based=True),
    dict(type='ExponentialLR', gamma=0.6, begin=1, by_epoch=True),
]
train_cfg = dict(by_epoch=True, max_epochs=4, val_interval=4)
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=0)
