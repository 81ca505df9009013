"""Rows of a table as samples."""
import json
import pickle

import numpy as np
import pytest
import torch

from mmcomp.datasets import TabularTextDataset, sample_ids
from mmcomp.errors import ConfigError, DataError
from mmcomp.models.losses.weighted_multi_task_bce_loss import weighted_multi_task_bce
from mmcomp.registry import DATASETS

WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', *'abcdefgh', ',']
TOKENIZER = dict(type='WordPiece', vocab=WORDS)
ROWS = [dict(id=f'r{i}', text=' '.join('abcdefgh'[:i]), more='h', y=['no', 'yes'][i % 2], p=i / 8, q=1 - i / 8,
             w=i + .5) for i in range(8)]


def made(rows=ROWS, **kwargs):
    return TabularTextDataset(rows=rows, tokenizer=TOKENIZER, **dict(dict(id_col='id'), **kwargs))


def words(tokens):
    return ' '.join(WORDS[token] for token in tokens)


def test_a_sample():
    dataset = made(target_col='y', weight_col='w')
    sample = dataset[3]
    assert words(sample['inputs']) == '[CLS] a b c [SEP]' and sample['inputs'].dtype == np.int32
    found = sample['data_samples']
    assert found.gt_label.item() == 1 and found.sample_id == 'r3' and found.weight == 3.5
    assert dataset.metainfo['classes'] == ('no', 'yes') and dataset.get_gt_labels().tolist() == [0, 1] * 4
    assert sample_ids(dataset) == [f'r{i}' for i in range(8)]
    assert dataset.lengths.tolist() == [len(dataset[i]['inputs']) for i in range(8)]
    assert words(dataset[0]['inputs']) == '[CLS] [SEP]', 'an empty text stays'


def test_several_targets():
    dataset = made(target_cols=['p', 'q'])
    score = dataset[2]['data_samples'].gt_score
    assert score.tolist() == [.25, .75] and dataset.metainfo['classes'] == ('p', 'q')
    with pytest.raises(ConfigError, match='target_col'):
        dataset.get_gt_labels()


def test_files_of_every_kind_are_one(tmp_path):
    (tmp_path / 'x.jsonl').write_text(''.join(json.dumps(row) + '\n' for row in ROWS))
    (tmp_path / 'x.csv').write_text('id,text,y\n' + ''.join(f'{r["id"]},{r["text"]},{r["y"]}\n' for r in ROWS))
    for name in ('x.jsonl', 'x.csv'):
        dataset = DATASETS.build(dict(type='TabularTextDataset', ann_file=name, data_root=str(tmp_path), id_col='id',
                                      tokenizer=TOKENIZER, target_col='y'))
        for i, row in enumerate(made(target_col='y')):
            assert np.array_equal(dataset[i]['inputs'], row['inputs'])
            assert dataset[i]['data_samples'].gt_label == row['data_samples'].gt_label


@pytest.mark.parametrize(('truncation', 'kept'), [('head', 'a b c d'), ('tail', 'd e f g'), ('head_tail', 'a e f g')])
def test_truncation_leaves_room_for_special_tokens(truncation, kept):
    dataset = made(max_length=6, truncation=truncation)
    assert words(dataset[7]['inputs']) == f'[CLS] {kept} [SEP]'
    assert dataset.lengths.tolist() == [2, 3, 4, 5, 6, 6, 6, 6] == [len(sample['inputs']) for sample in dataset]


def test_another_length_does_not_tokenise_again(tmp_path, monkeypatch):
    from mmcomp.datasets import token_cache
    long = made(cache_dir=str(tmp_path))
    monkeypatch.setattr(token_cache, 'tokenise', None)
    short, some = made(cache_dir=str(tmp_path), max_length=4), made(cache_dir=str(tmp_path), indices=[5, 2])
    assert words(short[7]['inputs']) == '[CLS] a b [SEP]' and words(some[0]['inputs']) == words(long[5]['inputs'])
    assert len(pickle.loads(pickle.dumps(some))) == 2


def test_columns_are_joined_and_texts_transformed():
    without_a = dict(type='DeleteCharacters', characters='a')
    dataset = made(text_col=['text', 'more'], joiner=',', text_transforms=[without_a])
    assert words(dataset[2]['inputs']) == '[CLS] b , h [SEP]'


def test_without_special_tokens_nothing_is_empty():
    dataset = TabularTextDataset(rows=ROWS, tokenizer=dict(type='WordPiece', vocab=['[UNK]', *'abcdefgh']))
    assert dataset[0]['inputs'].tolist() == [0] and dataset.lengths[0] == 1 and sample_ids(dataset)[1] == '1'


@pytest.mark.parametrize(('policy', 'ids', 'score'), [('zero', ['r0', 'r1', 'r2'], 0), ('drop', ['r0', 'r2'], .25)])
def test_missing_targets(policy, ids, score):
    rows = [dict(row, p=None) if i == 1 else row for i, row in enumerate(ROWS[:3])]
    with pytest.raises(DataError, match='rows lack a target: rows 1'):
        made(rows, target_cols=['p'])
    dataset = made(rows, target_cols=['p'], nan_policy=policy)
    assert sample_ids(dataset) == ids and dataset[1]['data_samples'].gt_score.item() == score
    assert words(dataset[len(ids) - 1]['inputs']) == '[CLS] a b [SEP]'


def test_a_target_that_nobody_was_asked_for_stays_missing_and_is_not_counted():
    rows = [dict(id='a', text='a', p=.5, q=None), dict(id='b', text='a b', p=1, q=.25)]
    dataset = made(rows, target_cols=['p', 'q'], nan_policy='keep')
    targets = torch.stack([dataset[row]['data_samples'].gt_score for row in range(2)])
    np.testing.assert_equal(targets.numpy(), np.array([[.5, np.nan], [1, .25]], np.float32))
    logits = torch.tensor([[0., 3.], [0., 0.]], requires_grad=True)
    weighted_multi_task_bce(logits, targets).backward()
    assert logits.grad.isfinite().all() and logits.grad[0, 1] == 0 and logits.grad[1, 1] != 0


def test_unlabelled_tables():
    bare = [dict(id=row['id'], text=row['text']) for row in ROWS]
    with pytest.raises(DataError, match='there: y'):
        made(bare, target_col='y')
    dataset = made(bare, target_col='y', classes=['no', 'yes'], require_targets=False)
    assert 'gt_label' not in dataset[0]['data_samples'] and dataset.metainfo['classes'] == ('no', 'yes')
    renamed = made([dict(id=row['id'], text=row['text'], toxicity=row['p']) for row in ROWS], target_cols=['p'],
                   label_alias=dict(toxicity='p'))
    assert renamed[2]['data_samples'].gt_score.item() == .25


@pytest.mark.parametrize('line', ['{}', '{} 1'])
def test_rows_of_a_fold(tmp_path, line):
    (tmp_path / 'val.txt').write_text('\n'.join(line.format(name) for name in ('r5', 'r1')))
    dataset = made(target_col='y', id_list=str(tmp_path / 'val.txt'), cache_dir=str(tmp_path / 'cache'))
    assert sample_ids(dataset) == ['r1', 'r5'] and words(dataset[1]['inputs']) == '[CLS] a b c d e [SEP]'
    (tmp_path / 'val.txt').write_text(line.format('r9'))
    with pytest.raises(DataError, match='r9'):
        made(id_list=str(tmp_path / 'val.txt'))


def test_subsets_keep_columns_together():
    whole = made(target_cols=['p'], weight_col='w')
    part = whole.get_subset([6, 2]).get_subset(-1)
    assert len(whole) == 8 and len(part) == 1
    sample = part[0]['data_samples']
    assert (sample.sample_id, sample.gt_score.item(), sample.weight) == ('r2', .25, 2.5) and part.lengths == [4]


def test_teachers_scores_are_mixed_in(monkeypatch):
    monkeypatch.setattr(TabularTextDataset, 'read_scores', None)
    with pytest.raises(ConfigError, match='use_prediction_tables'):
        made(target_col='y', soft_targets='x.pkl')
    table = {f'r{i}': [1 - i / 10, i / 10] for i in range(8)}
    monkeypatch.setattr(TabularTextDataset, 'read_scores',
                        staticmethod(lambda path, ids: (np.array([table[name] for name in ids]), ('yes', 'no'))))
    sample = made(target_col='y', soft_targets='x.pkl', soft_ratio=.75, indices=[3])[0]['data_samples']
    np.testing.assert_allclose(sample.gt_score, [.75 * .3, .75 * .7 + .25])
    assert sample.gt_label == 1
    assert made(soft_targets='x.pkl')[3]['data_samples'].gt_score.tolist() == pytest.approx([.7, .3])


@pytest.mark.parametrize(('kwargs', 'error', 'match'), [
    (dict(target_col='y', target_cols=['p']), ConfigError, 'one at a time'),
    (dict(target_col='y', nan_policy='zero'), ConfigError, 'nan_policy'),
    (dict(max_length=2), ConfigError, 'above the 2 special tokens'),
    (dict(rows=ROWS[:2] * 2), DataError, 'unique'),
    (dict(text_col='texts'), DataError, 'Did you mean `text`'),
    (dict(target_cols=['w']), DataError, r'in \[0, 1\]'),
    (dict(target_col='y', classes=['no', 'maybe']), DataError, 'yes'),
    (dict(ann_file='x.csv'), ConfigError, 'ann_file, rows'),
    (dict(soft_ratio=2), ConfigError, 'soft_ratio'),
    (dict(target_col='z', rows=[dict(id=1, text='a', z='')], nan_policy='drop'), DataError, 'no rows are left'),
])
def test_what_is_wrong_is_named(kwargs, error, match):
    with pytest.raises(error, match=match):
        made(**kwargs)
