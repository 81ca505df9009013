# The 5000-class web images. A recipe adds `train_pipeline` and `test_pipeline`.
# Pseudo-labelled rows (`testb/x.jpg 42`) are found in their own folders.
accv_images = dict(
    type='ImageListDataset',
    data_root='data/ACCV_workshop',
    image_root='train',
    image_roots=dict(testa='testa', testb='testb'),
    num_classes=5000)
train_dataloader = dict(
    batch_size=16,
    num_workers=12,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(ann_file='meta/train.txt', **accv_images))
val_dataloader = dict(
    batch_size=64,
    num_workers=12,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(ann_file='meta/val.txt', **accv_images))
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1, 5))
test_evaluator = val_evaluator
