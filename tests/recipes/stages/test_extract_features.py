"""Features as a stage."""
from mmcomp.competitions.wechat.synthetic import Twin, write_twin
from mmcomp.datasets.feature_store import stored_ids
from mmcomp.recipes.stage import Site
from mmcomp.recipes.stages.extract_features import ExtractFeatures

CONFIG = """
model = dict(type='HuggingFaceImageBackbone', out_type='cls_token', config=dict(
    model_type='vit', image_size=16, patch_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
    intermediate_size=8))
pipeline = [dict(type='SampleFrames', max_frames=2), dict(type='DecodeFrames', size=16, resize=20),
            dict(type='PackModalities', modalities=['frames'])]
test_dataloader = dict(batch_size=2, num_workers=0, dataset=dict(type='VideoTextDataset', pipeline=pipeline))
"""


def test_one_store(tmp_path):
    (tmp_path / 'config.py').write_text(CONFIG)
    write_twin(tmp_path / 'data', Twin(leaves=[2], labeled=3, unlabeled=1, test=1), images=True, side=20)
    stage = ExtractFeatures(config=str(tmp_path / 'config.py'), ann=str(tmp_path / 'data/annotations/labeled.json'),
                            frame_zips=str(tmp_path / 'data/zip_frames/labeled'))
    assert stage.run(Site('extract', tmp_path, 'key')) == '3 videos'
    assert len(stored_ids([tmp_path / 'features.zip'])) == 3
