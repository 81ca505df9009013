"""Made-up videos: files as the competition's, and what is planted in them."""
import json
import zipfile

import numpy as np
import pytest

import mmcomp.competitions.wechat.components  # noqa: F401  (registers)
from mmcomp.annotations import read_list
from mmcomp.competitions.wechat.synthetic import Twin, World, synthetic_rows, write_twin
from mmcomp.errors import ConfigError
from mmcomp.registry import DATASETS

TWIN = Twin(leaves=[4, 3, 5], labeled=60, unlabeled=20, test=10, width=16)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('twin')
    assert write_twin(folder, TWIN, images=True) == dict(labeled=60, unlabeled=20, test=10)
    return folder


def test_files_are_those_of_the_competition(folder):
    rows = json.loads((folder / 'annotations/labeled.json').read_text())
    assert set(rows[0]) == {'id', 'title', 'asr', 'ocr', 'category_id'} and len(rows) == 60
    assert all(len(row['id']) == 20 and row['id'].isdecimal() and len(row['category_id']) == 4 for row in rows)
    assert {row['category_id'] for row in rows} >= {'0000', '0102', '0204'}, 'every class is there'
    assert any(row['asr'] == '' for row in rows) and any(row['ocr'] == [] for row in rows)
    assert 'category_id' not in json.loads((folder / 'annotations/test.json').read_text())[0]
    with zipfile.ZipFile(folder / 'zip_feats/labeled.zip') as archive:
        assert archive.namelist() == [f'{row["id"]}.npy' for row in rows]
        assert {m.compress_type for m in archive.infolist()} == {zipfile.ZIP_STORED}
        with archive.open(f'{rows[0]["id"]}.npy') as file:
            assert np.load(file).dtype == np.float16


def test_all_splits_load(folder):
    tokenizer = dict(type='WordPiece', vocab=str(folder / 'vocab.txt'))
    seen = set()
    for split in ('labeled', 'unlabeled', 'test'):
        for frames in (dict(feature_zip=f'zip_feats/{split}.zip'), dict(frame_zips=f'zip_frames/{split}')):
            decode = [dict(type='DecodeFrames', size=32, resize=40)] if 'frame_zips' in frames else []
            dataset = DATASETS.build(dict(
                type='WeChatDataset', leaves=TWIN.leaves, ann_file=f'annotations/{split}.json', data_root=str(folder),
                tokenizer=tokenizer, **frames, pipeline=[
                    dict(type='SampleFrames', max_frames=2), *decode, dict(type='AssembleText'),
                    dict(type='PackModalities')]))
            shapes = {sample['inputs']['frames'].shape[1:] for sample in dataset}
            assert shapes == {(3, 32, 32) if decode else (16, )}
            assert not any((sample['inputs']['text'] == 1).any() for sample in dataset), 'every character is a word'
        assert not seen & set(dataset.sample_ids)
        seen |= set(dataset.sample_ids)
        names, truth = read_list(folder / f'truth/{split}.txt')
        assert names == dataset.sample_ids
    assert dataset.labels is None and truth.max() < 12


def test_the_same_settings_give_the_same_files(folder, tmp_path):
    write_twin(tmp_path, TWIN)
    for name in ('annotations/test.json', 'zip_feats/test.zip', 'vocab.txt', 'truth/unlabeled.txt'):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_neither_words_nor_frames_are_enough():
    """Nearest class means on what is planted: both together tell far more than each alone."""
    twin = Twin(leaves=[4] * 5, labeled=3000, noise=0., imbalance=1., missing=(0, 0, 0, 0))
    world = World(twin)
    rows, leaves, frames = synthetic_rows(world, 'labeled')
    place = {character: i for i, character in enumerate(world.characters)}
    rng = np.random.default_rng(0)
    words = np.zeros((len(rows), len(place)))
    for counts, row in zip(words, rows):
        for character in row['title'] + row['asr'] + ''.join(piece['text'] for piece in row['ocr']):
            counts[place[character]] += 1
    words = words[:, twin.common:]
    pixels = np.stack([world.features(leaf, count, rng).astype(float).mean(axis=0) @ world.directions.T
                       for leaf, count in zip(leaves, frames)])

    def right(features):
        features = (features - features.mean(axis=0)) / features.std(axis=0)
        train = np.arange(len(rows)) < 2000
        means = np.stack([features[train & (leaves == leaf)].mean(axis=0) for leaf in range(20)])
        nearest = ((features[~train][:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
        return float((nearest == leaves[~train]).mean())
    alone, frames_alone, both = right(words), right(pixels), right(np.hstack([words / 3, pixels * 3]))
    assert .3 < alone < .55 and .12 < frames_alone < .25 and both > alone + .15


def test_settings():
    for wrong in (dict(labeled=0), dict(noise=2), dict(imbalance=.5)):
        with pytest.raises(ConfigError, match='Twin'):
            Twin(**wrong)
