# tools/extract_features.py configs/wechat/sprite-features.py --checkpoint work_dirs/sprite-frames/iter_400.pth
#   --ann data/sprites/annotations/test.json --frame-zips data/sprites/zip_frames/test --out data/sprites/test.zip
# 128 numbers a frame by the network of sprite-frames.py.
_base_ = ['./sprite-frames.py']
data_preprocessor = dict(_delete_=True, type='ModalityDataPreprocessor', normalization='half')
pipeline = [
    dict(type='SampleFrames', max_frames=8), dict(type='DecodeFrames', size=48, resize=48),
    dict(type='PackModalities', modalities=['frames']),
]
test_dataloader = dict(
    batch_size=64, num_workers=0, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='VideoTextDataset', ann_file='annotations/labeled.json', data_root='data/sprites/',
                 frame_zips='zip_frames/labeled', pipeline=pipeline))
test_cfg = dict()
test_evaluator = []
