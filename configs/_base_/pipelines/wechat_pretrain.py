# Unlabeled videos, then the labeled ones without their labels, in each epoch; 32 frames, 258 tokens.
_base_ = ['./wechat.py']
videos = dict(
    label_key=None,
    pipeline=[dict(type='SampleFrames', max_frames=32, choice='random'), dict(type='AssembleText', max_length=258),
              dict(type='PackModalities')],
    **_base_.videos)
train_dataloader = dict(
    _delete_=True, batch_size=64, num_workers=6, persistent_workers=True, drop_last=True,
    collate_fn=dict(type='pseudo_collate'), sampler=dict(type='CorporaSampler'),
    dataset=dict(type='ConcatDataset', datasets=[
        dict(ann_file='annotations/unlabeled.json', feature_zip='zip_feats/unlabeled.zip', **videos),
        dict(ann_file='annotations/labeled.json', feature_zip='zip_feats/labeled.zip', **videos)]))
val_dataloader = val_evaluator = test_dataloader = test_evaluator = None
