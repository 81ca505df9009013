"""Lists fit the table; what a table can have wrong is told."""
import json

import numpy as np
import pandas as pd
import pytest

from mmcomp.annotations import read_list
from mmcomp.competitions.jigsaw.bias import jigsaw_score
from mmcomp.competitions.jigsaw.columns import METRIC_IDENTITIES
from mmcomp.competitions.jigsaw.preparation import read_labelled, write_lists
from mmcomp.competitions.jigsaw.synthetic import write_competition
from mmcomp.errors import DataError
from mmcomp.metrics.bias_auc import coded_bias_auc
from mmcomp.predictions.labels.folds import grouped_folds, read_groups


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('made')
    write_competition(folder, 600, 600, words=100)
    return folder


def test_lists(folder, tmp_path):
    frame = pd.read_csv(folder / 'train.csv')
    found = write_lists(read_labelled(folder / 'train.csv'), tmp_path)
    ids, toxic = read_list(tmp_path / 'all.txt')
    assert ids == frame.id.astype(str).tolist() and (toxic == (frame.target >= .5)).all()
    assert found == json.loads((tmp_path / 'statistics.json').read_text()) and found['rows'] == 600
    groups = read_groups(tmp_path / 'groups.txt', ids)
    fold = grouped_folds(toxic, groups, 5)
    spread = pd.Series(fold).groupby(frame.comment_text.str.lower()).nunique()
    assert (spread == 1).all() and frame.comment_text.duplicated().any()
    assert all(abs(toxic[fold == i].mean() - toxic.mean()) < .02 for i in range(5))


def test_codes_give_the_score_of_the_released_table(folder, tmp_path):
    frame = pd.read_csv(folder / 'test_private_expanded.csv')
    write_lists(read_labelled(folder / 'test_private_expanded.csv'), tmp_path)
    scores = np.random.default_rng(0).random(len(frame)) + frame.toxicity.to_numpy()
    want = jigsaw_score(frame.toxicity, frame[list(METRIC_IDENTITIES)], scores, 'skip')
    assert coded_bias_auc(scores, read_list(tmp_path / 'truth.txt')[1]) == pytest.approx(want)


@pytest.mark.parametrize('change, law', [
    (lambda f: f.drop(columns='black'), r'there: black.*Did you mean `black`|there: black'),
    (lambda f: f.assign(black=np.nan), 'black. must be answered in some row'),
    (lambda f: f.assign(target=f.target.where(f.id != f.id[5], 1.5)), r'in \[0, 1\] \(1 are not\); got .row 5: 1.5'),
    (lambda f: f.assign(target=f.target.where(f.id != f.id[5])), 'row 5: nan'),
    (lambda f: f.assign(target=0.), r'at least .5 in some rows'),
    (lambda f: f.assign(id=f.id.astype(float)), 'read them as floats'),
    (lambda f: f.assign(id=f.id.where(f.index != 3, f.id[2])), 'unique'),
])
def test_what_is_wrong_is_told(folder, tmp_path, change, law):
    change(pd.read_csv(folder / 'train.csv')).to_csv(tmp_path / 'train.csv', index=False)
    with pytest.raises(DataError, match=law):
        read_labelled(tmp_path / 'train.csv')
