"""From frames to a store of features."""
import shutil

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner.checkpoint import CheckpointLoader

from mmcomp.apis import feature_extraction
from mmcomp.apis.feature_extraction import extract_features, frame_vectors
from mmcomp.competitions.wechat.synthetic import Twin, write_twin
from mmcomp.datasets.feature_store import part_files, read_manifest, stored_ids
from mmcomp.datasets.frame_sources import FeatureZip, FrameZips
from mmcomp.datasets.transforms import DecodeFrames
from mmcomp.errors import CheckpointError, ConfigError, DataError
from mmcomp.models.backbones import CLIPVisionTower
from mmcomp.predictions.formats.parts import parts_folder
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

VIT = dict(type='HuggingFaceImageBackbone', out_type='mean', config=dict(
    model_type='vit', image_size=16, patch_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
    intermediate_size=8))


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp('videos')
    write_twin(folder, Twin(leaves=[2, 2], labeled=9, unlabeled=1, test=1, missing=(0, 0, 0, .3)), images=True, side=20)
    return folder


def config(videos, size=16, model=VIT):
    pipeline = [dict(type='SampleFrames', max_frames=4), dict(type='DecodeFrames', size=size, resize=20),
                dict(type='PackModalities', modalities=['frames'])]
    return Config(dict(
        model=model, data_preprocessor=dict(type='ModalityDataPreprocessor', normalization='half'),
        test_dataloader=dict(batch_size=2, num_workers=0, dataset=dict(
            type='VideoTextDataset', ann_file=str(videos / 'annotations/labeled.json'), pipeline=pipeline,
            frame_zips=str(videos / 'zip_frames/labeled')))))


def plainly(videos, name):
    """The features of one video, worked out by hand."""
    frames = FrameZips(videos / 'zip_frames/labeled').read(name)
    images = DecodeFrames(size=16, resize=20)(dict(frames=frames))['frames']
    chosen = images[np.linspace(0, len(images) - 1, 4).round().astype(int)] if len(images) > 4 else images
    torch.manual_seed(0)
    model = MODELS.build(VIT).eval()
    with torch.inference_mode():
        return np.stack([model((torch.tensor(image)[None] - 127.5) / 127.5)[0][0].numpy() for image in chosen])


def test_every_video_once_as_worked_out_by_hand(videos, tmp_path, tool):
    out = str(tmp_path / 'x.zip')
    config(videos).dump(str(tmp_path / 'x.py'))
    tool('extract_features').main([str(tmp_path / 'x.py'), '--out', out, '--dtype', 'float32', '--frames-a-pass', '3'])
    source, ids = FeatureZip([out]), stored_ids([out])
    assert len(ids) == 9 and not parts_folder(out).exists()
    assert {len(source.read(name)) for name in ids} >= {0, 4}
    for name in ids:
        found = source.read(name)
        if len(found):
            np.testing.assert_allclose(found, plainly(videos, name), atol=1e-5)
    said = read_manifest(out)
    assert said['model'] == 'HuggingFaceImageBackbone' and said['dtype'] == 'float32' and len(said['weights']) == 16
    with pytest.raises(DataError, match='dtype differ'):
        extract_features(config(videos), out)


class Killed(Exception):
    pass


def test_a_killed_run_goes_on(videos, tmp_path, monkeypatch):
    whole, out, seen = str(tmp_path / 'whole.zip'), str(tmp_path / 'x.zip'), []
    extract_features(config(videos), whole)
    add, stored = feature_extraction.FeaturePartWriter.add, feature_extraction._stored

    def dying(self, name, features):
        add(self, name, features)
        self.flush()
        if len(part_files(self.folder)) == 4:
            raise Killed
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(feature_extraction.FeaturePartWriter, 'add', dying)
        extract_features(config(videos), out)
    assert len(stored_ids(part_files(parts_folder(out)))) == 4
    shutil.copytree(parts_folder(out), tmp_path / 'kept')
    with monkeypatch.context() as patch:
        patch.setattr(feature_extraction, '_stored', lambda name, *rest: seen.append(name) or stored(name, *rest))
        assert extract_features(config(videos), out) == 9
    assert len(seen) == 5 and (tmp_path / 'x.zip').read_bytes() == (tmp_path / 'whole.zip').read_bytes()
    shutil.copytree(tmp_path / 'kept', parts_folder(out))
    assert extract_features(config(videos), out) == 9, 'nothing is left to do, also after a kill at the very end'


def test_ranks_share_the_videos(videos, tmp_path, monkeypatch):
    from mmcomp.apis import prediction_data
    out, whole = str(tmp_path / 'x.zip'), str(tmp_path / 'whole.zip')
    extract_features(config(videos), whole)
    monkeypatch.setattr(prediction_data, 'get_world_size', lambda: 2)
    monkeypatch.setattr(prediction_data, 'get_rank', lambda: 1)
    with monkeypatch.context() as patch:
        patch.setattr(feature_extraction, '_finish', lambda *rest: 0)
        extract_features(config(videos), out)
    assert len(stored_ids(part_files(parts_folder(out)))) == 4
    monkeypatch.setattr(prediction_data, 'get_rank', lambda: 0)
    monkeypatch.setattr(prediction_data, 'get_world_size', lambda: 1)
    assert extract_features(config(videos), out) == 9
    assert (tmp_path / 'x.zip').read_bytes() == (tmp_path / 'whole.zip').read_bytes()


@pytest.mark.parametrize(('change', 'told'), [
    (dict(model=dict(VIT, out_type='cls_token', config=dict(VIT['config'], num_hidden_layers=2))), 'weights'),
    (dict(size=8), 'pipeline')])
def test_another_way_is_refused(videos, tmp_path, change, told):
    out = str(tmp_path / 'x.zip')
    extract_features(config(videos), out)
    with pytest.raises(DataError, match=told):
        extract_features(config(videos, **change), out)


def test_backbones_of_other_libraries_and_classifiers(videos, tmp_path):
    timm = dict(type='TIMMBackbone', model_name='resnet10t', pretrained=False)
    head = dict(type='LinearClsHead', num_classes=2, in_channels=8)
    classifier = dict(type='ImageClassifier', backbone=VIT, head=head)
    for name, model, width in (('timm', timm, 512), ('classifier', classifier, 8)):
        out = str(tmp_path / f'{name}.zip')
        assert extract_features(config(videos, model=model), out) == 9
        assert FeatureZip([out]).read(stored_ids([out])[0]).shape[1] == width


def test_settings(videos, tmp_path):
    with pytest.raises(ConfigError, match='dtype'):
        extract_features(config(videos), str(tmp_path / 'x.zip'), dtype='int8')
    with pytest.raises(DataError, match=r'\.zip'):
        extract_features(config(videos), str(tmp_path / 'x.npy'))
    cfg = config(videos)
    cfg.test_dataloader.dataset.pop('frame_zips')
    with pytest.raises(ConfigError, match='source of images'):
        extract_features(cfg, str(tmp_path / 'x.zip'))
    with pytest.raises(DataError, match='do not fit float16'):
        feature_extraction._stored('v', np.array([[1e6]], np.float32), 'float16')


def test_one_vector_a_frame():
    images, maps = torch.zeros(2, 3, 4, 4), torch.rand(2, 5, 3, 3)
    tokens = maps.flatten(2).transpose(1, 2)
    for out in (maps, tokens, (None, maps), maps.mean(dim=(2, 3)), TokenSequence(tokens, torch.ones(2, 9, dtype=bool))):
        torch.testing.assert_close(frame_vectors(lambda _: out, images), maps.mean(dim=(2, 3)))  # noqa: B023


def test_published_weights_are_found_by_their_scheme(videos, tmp_path, monkeypatch):
    # What earlier trainings of this process have taught mmengine's loader.
    monkeypatch.setattr(CheckpointLoader, '_schemes', {'': CheckpointLoader._schemes['']})
    tiny = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, image_size=16,
                patch_size=8, projection_dim=6)
    torch.manual_seed(1)
    tower = CLIPVisionTower(tiny)
    torch.save(tower.state_dict(), tmp_path / 'clip.pt')
    model = dict(type='CLIPVisionTower', arch=tiny,
                 init_cfg=dict(type='Pretrained', checkpoint=f'clip://{tmp_path}/clip.pt'))
    cfg, out = config(videos, model=model), str(tmp_path / 'x.zip')
    extract_features(cfg, out, dtype='float32')
    dataset = feature_extraction._dataset(cfg, None, None, None)
    row = next(row for row, name in enumerate(dataset.sample_ids) if len(dataset[row]['inputs']['frames']))
    images = (torch.as_tensor(dataset[row]['inputs']['frames']).float() - 127.5) / 127.5
    found = FeatureZip([out]).read(dataset.sample_ids[row])
    np.testing.assert_allclose(found, tower(images)[0].detach().numpy(), rtol=1e-4, atol=1e-5)
    model['init_cfg']['checkpoint'] = f'clip://{tmp_path}/none.pt'
    with pytest.raises(CheckpointError, match='none.pt: no such checkpoint file'):
        extract_features(config(videos, model=model), str(tmp_path / 'y.zip'))
