# Title, speech and overlaid text as one text of 258 tokens, 14 frames as CLIP features. A tenth validates.
custom_imports = dict(imports=['mmcomp.competitions.wechat.components'])
train_pipeline = [
    dict(type='SampleFrames', max_frames=14, choice='random'), dict(type='AssembleText', max_length=258),
    dict(type='PackModalities'),
]
test_pipeline = [
    dict(type='SampleFrames', max_frames=14, choice='spread'), dict(type='AssembleText', max_length=258),
    dict(type='PackModalities'),
]
# With --tta the mean over three combs of frames.
tta_pipeline = [
    dict(type='AssembleText', max_length=258),
    dict(type='TestTimeAug', transforms=[
        [dict(type='SampleFrames', max_frames=14, view=view, views=3) for view in range(3)],
        [dict(type='PackModalities')]]),
]
videos = dict(
    type='WeChatDataset', data_root='data/wechat/', tokenizer=dict(folder='checkpoints/chinese-roberta-wwm-ext'),
    sort_timed=False, feature_width=512, no_frames='empty', cache_dir='data/wechat/tokens')
labeled = dict(ann_file='annotations/labeled.json', feature_zip='zip_feats/labeled.zip', **videos)
train_dataloader = dict(
    batch_size=32, num_workers=6, persistent_workers=True, drop_last=True, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(id_list='meta/train.txt', pipeline=train_pipeline, **labeled))
val_dataloader = dict(
    batch_size=128, num_workers=6, persistent_workers=True, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(id_list='meta/val.txt', pipeline=test_pipeline, **labeled))
test_dataloader = dict(
    batch_size=128, num_workers=6, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(ann_file='annotations/test.json', feature_zip='zip_feats/test.zip', pipeline=test_pipeline, **videos))
val_evaluator = dict(type='WeChatMetric')
test_evaluator = val_evaluator
