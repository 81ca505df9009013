# Comments with six targets and weights; in training, batches of about the same length. One row in nineteen, as many as
# the test set has, is for validation, with texts that come again on one side:
#   mmcomp split_folds data/jigsaw/train.csv --id-col id --label-col target --threshold 0.5 \
#       --group-by-text comment_text --folds 19 --out-dir data/jigsaw/folds
custom_imports = dict(imports=['mmcomp.competitions.jigsaw.components'])
dataset_type = 'JigsawDataset'
texts = dict(type=dataset_type, data_root='data/jigsaw/', cache_dir='data/jigsaw/tokens')
train_dataloader = dict(
    batch_size=32, num_workers=2, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True), batch_sampler=dict(type='LengthBucketBatchSampler'),
    dataset=dict(ann_file='train.csv', id_list='folds/fold0/train.txt', sample_weight=dict(mode='readme'), **texts))
val_dataloader = dict(
    batch_size=64, num_workers=2, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(ann_file='train.csv', id_list='folds/fold0/val.txt', **texts))
test_dataloader = dict(
    batch_size=64, num_workers=2, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(ann_file='test.csv', require_targets=False, **texts))
val_evaluator = dict(type='JigsawBiasMetric')
test_evaluator = val_evaluator
