# Rows of a table, tokenised once; in training, batches of rows of about the same length.
dataset_type = 'TabularTextDataset'
texts = dict(
    type=dataset_type, tokenizer=dict(folder='checkpoints/bert-base-uncased'), data_root='data/text/', id_col='id',
    text_col='text', target_col='label', max_length=220, cache_dir='data/text/tokens')
train_dataloader = dict(
    batch_size=32, num_workers=2, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True), batch_sampler=dict(type='LengthBucketBatchSampler'),
    dataset=dict(ann_file='train.csv', **texts))
val_dataloader = dict(
    batch_size=64, num_workers=2, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False), dataset=dict(ann_file='val.csv', **texts))
test_dataloader = dict(
    batch_size=64, num_workers=2, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(ann_file='test.csv', require_targets=False, **texts))
val_evaluator = dict(type='Accuracy', topk=(1, ))
test_evaluator = val_evaluator
