"""Targets, groups and weights of the rows that are trained on."""
import numpy as np
import pandas as pd
import pytest

import mmcomp.competitions.jigsaw.components  # noqa: F401  (registers)
from mmcomp.annotations import write_list
from mmcomp.apis.building import build
from mmcomp.apis.soft_targets import use_prediction_tables
from mmcomp.competitions.jigsaw.columns import METRIC_IDENTITIES, TARGETS
from mmcomp.competitions.jigsaw.synthetic import write_competition
from mmcomp.competitions.jigsaw.weights import sample_weights
from mmcomp.errors import ConfigError, DataError
from mmcomp.predictions.tables import write_table
from mmcomp.registry import DATASETS, METRICS
from mmcomp.structures import PredictionTable

TOKENIZER = dict(type='WordPiece', vocab=['[UNK]', 'muslim', '.'])


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('made')
    write_competition(folder, 300, 200, words=50)
    return folder


def make(folder, name='train.csv', **kwargs):
    return build(dict(type='JigsawDataset', ann_file=str(folder / name), tokenizer=TOKENIZER, **kwargs), DATASETS)


def test_targets_groups_and_weights(folder, tmp_path):
    frame = pd.read_csv(folder / 'train.csv')
    kept = frame[::2]
    write_list(tmp_path / 'ids.txt', kept.id.astype(str).tolist(), (kept.target >= .5).astype(int))
    dataset = make(folder, id_list=str(tmp_path / 'ids.txt'), sample_weight=dict(confidence='clip'))
    assert dataset.sample_ids == kept.id.astype(str).tolist() and dataset.metainfo['classes'] == TARGETS
    want = sample_weights(kept.target, kept[list(METRIC_IDENTITIES)], kept.toxicity_annotator_count, confidence='clip')
    np.testing.assert_allclose(dataset.weights, want, rtol=1e-6)
    sample = dataset[3]['data_samples']
    np.testing.assert_allclose(sample.gt_score, kept[list(TARGETS)].to_numpy()[3], rtol=1e-6)
    np.testing.assert_allclose(sample.groups, kept[list(METRIC_IDENTITIES)].to_numpy()[3], rtol=1e-6)
    assert sample.weight == pytest.approx(want[3])


def test_tables_of_the_test(folder):
    plain = make(folder, 'test.csv', require_targets=False)[0]['data_samples']
    assert 'gt_score' not in plain and 'groups' not in plain and 'weight' not in plain
    released = make(folder, 'test_private_expanded.csv')
    assert released.targets.shape == (200, 6) and released.groups.shape == (200, 9)


def test_the_metric_reads_its_samples(folder):
    dataset = make(folder, 'test_private_expanded.csv')
    metric = build(dict(type='JigsawBiasMetric'), METRICS)
    samples = [dataset[row]['data_samples'] for row in range(len(dataset))]
    for sample in samples:
        sample.set_pred_score(sample.gt_score)
    metric.process(None, [sample.to_dict() for sample in samples])
    assert metric.evaluate(len(samples))['jigsaw/score'] == 1


def test_one_class_is_asked_of_readers_not_of_teachers(folder, tmp_path):
    use_prediction_tables()
    ids = pd.read_csv(folder / 'train.csv').id.astype(str).to_numpy()
    write_table(PredictionTable(ids, np.full((300, 6), .1, np.float32)), tmp_path / 'teachers.pkl')
    student = make(folder, soft_targets=str(tmp_path / 'teachers.pkl'))
    assert student.toxic.any() and not student.toxic.all() and student.targets.max() < .5
    plain = make(folder, sample_weight={})
    clean = ids[plain.targets[:, 0] < .5]
    write_list(tmp_path / 'clean.txt', clean.tolist())
    with pytest.raises(DataError, match=f'got .0 of {len(clean)} rows.*id_list'):
        make(folder, id_list=str(tmp_path / 'clean.txt'))
    assert len(make(folder, id_list=str(tmp_path / 'clean.txt'), require_targets=False)) == len(clean)


def test_an_empty_text_stays(folder, tmp_path):
    frame = pd.read_csv(folder / 'train.csv').assign(comment_text=lambda f: f.comment_text.where(f.index > 0, ''))
    frame.to_csv(tmp_path / 'train.csv', index=False)
    assert len(make(tmp_path)) == 300 and len(make(tmp_path)[0]['inputs']) == 1


@pytest.mark.parametrize('change, options, error, law', [
    (lambda f: f.drop(columns='muslim'), dict(sample_weight={}), DataError, 'there: muslim'),
    (lambda f: f.assign(muslim=np.nan), dict(sample_weight={}), DataError, 'muslim. must be answered in some row'),
    (lambda f: f.assign(white=3.), {}, DataError, r'white. must be in \[0, 1\] \(300 cells'),
    (lambda f: f.assign(insult=-1.), {}, DataError, r'in \[0, 1\] \(300 are not\)'),
    (lambda f: f.assign(id=f.id.astype(float)), {}, DataError, 'read them as floats'),
    (lambda f: f.assign(target=0.), {}, DataError, 'target. must be at least .5 in some rows.*got .0 of 300 rows'),
    (lambda f: f, dict(sample_weight={}, weight_col='w'), ConfigError, 'given one at a time'),
    (lambda f: f.drop(columns='toxicity_annotator_count'), dict(sample_weight=dict(confidence='log')), DataError,
     'toxicity_annotator_count'),
])
def test_what_is_wrong_is_told(folder, tmp_path, change, options, error, law):
    change(pd.read_csv(folder / 'train.csv')).to_csv(tmp_path / 'train.csv', index=False)
    with pytest.raises(error, match=law):
        make(tmp_path, **options)
