"""Videos with words as samples."""
import json
import pickle
import zipfile

import numpy as np
import pytest
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from mmcomp.apis.soft_targets import use_prediction_tables
from mmcomp.datasets import VideoTextDataset, sample_ids
from mmcomp.datasets.feature_store import write_features
from mmcomp.errors import ConfigError, DataError
from mmcomp.predictions.tables import write_table
from mmcomp.registry import DATASETS
from mmcomp.structures import PredictionTable

TOKENIZER = dict(type='WordPiece', vocab=['[PAD]', '[UNK]', '[CLS]', '[SEP]', *'abcdefgh'])
PIPELINE = [dict(type='SampleFrames', max_frames=3), dict(type='AssembleText', max_length=8),
            dict(type='PackModalities')]
KEYS = dict(text_keys=['title', 'asr'], label_key='y')
ROWS = [dict(id=f'v{i}', title=' '.join('abcdefgh'[:i]), asr='h', y=['no', 'yes'][i % 2]) for i in range(6)]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp('videos'), np.random.default_rng(0)
    (folder / 'x.json').write_text(json.dumps(ROWS))
    with zipfile.ZipFile(folder / 'x.zip', 'w') as archive:
        for i in range(5):
            write_features(archive, f'v{i}', rng.normal(size=(i, 4)).astype(np.float16))
    return folder


def made(folder, **kwargs):
    settings = dict(ann_file='x.json', feature_zip='x.zip', data_root=str(folder), tokenizer=TOKENIZER,
                    pipeline=PIPELINE, no_frames='empty', **KEYS)
    return DATASETS.build(dict(type='VideoTextDataset', **dict(settings, **kwargs)))


def test_a_sample(folder):
    dataset = made(folder)
    sample = dataset[4]
    assert sample['inputs']['text'].tolist() == [2, 4, 5, 6, 7, 11, 3] and sample['inputs']['frames'].shape == (3, 4)
    assert sample['inputs']['frames'].dtype == np.float16 and sample['data_samples'].gt_label.item() == 0
    assert sample['data_samples'].sample_id == 'v4' and dataset.metainfo['classes'] == ('no', 'yes')
    assert dataset[5]['inputs']['frames'].shape == (0, 4) == dataset[0]['inputs']['frames'].shape
    assert dataset.lengths.tolist() == [len(s['inputs']['text']) for s in dataset] == [3, 4, 5, 6, 7, 8]
    assert sample_ids(dataset) == [row['id'] for row in ROWS] and dataset.get_gt_labels().tolist() == [0, 1] * 3
    assert dataset.get_cat_ids(1) == [1]


def test_workers_get_what_the_main_process_gets(folder):
    dataset = made(folder)
    alone = [sample['inputs']['frames'].tobytes() for sample in dataset]
    for how in (dict(num_workers=0), dict(num_workers=2)):
        loader = DataLoader(pickle.loads(pickle.dumps(dataset)), batch_size=4, collate_fn=pseudo_collate, **how)
        assert [frames.tobytes() for batch in loader for frames in batch['inputs']['frames']] == alone


def test_one_modality(folder):
    words = made(folder, feature_zip=None, pipeline=[dict(type='AssembleText'), dict(
        type='PackModalities', modalities=['text'])])
    assert set(words[1]['inputs']) == {'text'}
    frames = made(folder, tokenizer=None, pipeline=[dict(type='PackModalities', modalities=['frames'])])
    assert frames[2]['inputs']['frames'].shape == (2, 4) and frames.lengths.tolist() == [1] * 6


def test_lists_choose_rows_and_may_have_labels(folder):
    (folder / 'ids.txt').write_text('v3\nv0\n')
    (folder / 'labels.txt').write_text('v3 0\nv0 1\n')
    dataset = made(folder, id_list='ids.txt')
    assert dataset.sample_ids == ['v3', 'v0'] and dataset.get_gt_labels().tolist() == [1, 0]
    labelled = made(folder, id_list='labels.txt', classes=['no', 'yes'])
    assert labelled.get_gt_labels().tolist() == [0, 1] and len(labelled[0]['inputs']['text']) == 6
    some = pickle.loads(pickle.dumps(made(folder).get_subset([5, 2])))
    assert some.sample_ids == ['v5', 'v2'] == made(folder, indices=[5, 2]).sample_ids and len(some[0]['inputs']) == 2
    with pytest.raises(DataError, match='0…0'):
        made(folder, id_list='labels.txt', classes=['no'])


def test_scores_of_teachers(folder):
    use_prediction_tables()
    soft = np.linspace(0, 1, 6, dtype=np.float32)
    ids, scores = [row['id'] for row in ROWS][::-1], np.stack([soft, 1 - soft], 1)[::-1]
    table = PredictionTable(ids, scores, classes=('no', 'yes'))
    write_table(table, folder / 'soft.pkl')
    dataset = made(folder, soft_targets='soft.pkl', label_key=None, classes=['yes', 'no'], id_list=None)
    np.testing.assert_allclose(dataset[1]['data_samples'].gt_score, [.8, .2], atol=1e-6)
    both = made(folder, soft_targets='soft.pkl', soft_ratio=.5)
    np.testing.assert_allclose(both[1]['data_samples'].gt_score, [.1, .9], atol=1e-6)
    hard = made(folder, score_targets=True, indices=2)
    assert [s['data_samples'].gt_score.tolist() for s in hard] == [[1, 0], [0, 1]]


def test_two_runs_of_a_test_see_the_same(folder):
    one, two = ([s['inputs']['frames'].tobytes() for s in made(folder, test_mode=True)] for _ in range(2))
    assert one == two


@pytest.mark.parametrize(('kwargs', 'error', 'told'), [
    (dict(no_frames='error'), DataError, '1 of 6 ids have no frames: v5'),
    (dict(rows=ROWS), ConfigError, 'one of them'),
    (dict(feature_width=3), DataError, 'one encoder'), (dict(no_frames='skip'), ConfigError, 'no_frames'),
    (dict(label_key='z'), DataError, '6 of 6 rows lack `z`'), (dict(classes=['yes', 'maybe']), DataError, 'no'),
    (dict(ann_file=['x.json', 'x.json']), DataError, 'unique'), (dict(text_keys=['titel']), DataError, 'title'),
    (dict(frame_folder='.'), ConfigError, 'one at a time'), (dict(soft_ratio=2), ConfigError, 'soft_ratio')])
def test_faults(folder, kwargs, error, told):
    with pytest.raises(error, match=told):
        made(folder, **kwargs)


def test_a_sample_that_breaks_the_pipeline_is_named(folder):
    dataset = made(folder, pipeline=[lambda results: results['no such key']])
    with pytest.raises(DataError, match='x.json, v1: the pipeline failed'):
        dataset[1]
    assert isinstance(made(folder, label_key='z', require_targets=False), VideoTextDataset)
