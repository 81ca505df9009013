# tools/extract_features.py configs/wechat/clip-b16.py --ann data/wechat/annotations/labeled.json
#   --frame-zips data/wechat/zip_frames/labeled --out data/wechat/zip_feats/labeled.zip
# The first 32 frames of each video through CLIP's image tower, 512 numbers a frame in half precision. Some 250 frames a
# pass. Weights: ViT-B-16.pt of openai/CLIP. The authors normalised as for ImageNet; data_preprocessor decides.
_base_ = ['../_base_/runtime/default.py']
model = dict(
    type='CLIPVisionTower', arch='b16', out_type='projection', frozen=True, dtype='float16',
    init_cfg=dict(type='Pretrained', checkpoint='clip://checkpoints/ViT-B-16.pt'))
data_preprocessor = dict(type='ModalityDataPreprocessor', normalization='clip')
pipeline = [
    dict(type='SampleFrames', max_frames=32, choice='spread'), dict(type='DecodeFrames', size=224, resize=256),
    dict(type='PackModalities', modalities=['frames']),
]
test_dataloader = dict(
    batch_size=8, num_workers=6, collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='VideoTextDataset', ann_file='annotations/labeled.json', data_root='data/wechat/',
                 frame_zips='zip_frames/labeled', pipeline=pipeline))
test_cfg = dict()
test_evaluator = []
