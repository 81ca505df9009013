"""The stage leaves boosted probabilities and the weights; a judge chooses the strength."""
import csv

import numpy as np
import pytest

from mmcomp.annotations import write_list
from mmcomp.errors import ConfigError
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.recipes.stage import Site
from mmcomp.recipes.stages.boost import Boost
from mmcomp.structures import PredictionTable

COUNTS = [40, 8, 2]


@pytest.fixture
def files(tmp_path):
    rng, truth = np.random.default_rng(1), np.repeat([0, 1, 2], [200, 60, 40])
    for name in ('test', 'oof'):
        logits = rng.normal(size=(300, 3)) + 2 * np.eye(3)[truth] + np.log(COUNTS)
        scores = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
        write_table(PredictionTable([f'{name}{i}' for i in range(300)], scores), tmp_path / f'{name}.pkl')
    write_list(tmp_path / 'truth.txt', [f'oof{i}' for i in range(300)], truth)
    write_list(tmp_path / 'train.txt', [f'{i}' for i in range(50)], np.repeat([0, 1, 2], COUNTS))
    return tmp_path


def test_both_ways(files):
    site = Site('boost', files, 'k' * 16, teachers=dict(table=['fold0', 'fold1']))
    said = Boost(table=str(files / 'test.pkl'), ann=str(files / 'train.txt'), k=4.).run(site)
    found, plain = read_table(files / 'table.pkl'), read_table(files / 'test.pkl')
    expected = plain.scores * np.array([1.1, 1.5, 3])
    np.testing.assert_allclose(found.scores, expected / expected.sum(axis=1, keepdims=True), rtol=1e-5)
    assert found.origin['teachers'] == ['fold0', 'fold1'] and said.startswith('k 4, g 1, b 1: ')
    rows = list(csv.reader((files / 'weights.csv').open()))
    assert rows == [['class', 'weight'], ['0', '1.1'], ['1', '1.5'], ['2', '3']]
    said = Boost(table=str(files / 'test.pkl'), ann=str(files / 'train.txt'), judge=str(files / 'oof.pkl'),
                 truth=str(files / 'truth.txt'), metric='balanced_accuracy').run(site)
    assert '; balanced_accuracy 0.' in said
    itself = Boost(table=str(files / 'oof.pkl'), ann=str(files / 'train.txt'), judge=str(files / 'oof.pkl'),
                   truth=str(files / 'truth.txt'), metric='balanced_accuracy').run(site)
    assert itself.split('; ')[1] == said.split('; ')[1] and len(read_table(files / 'table.pkl')) == 300
    with pytest.raises(ConfigError, match='with `judge`'):
        Boost(table=str(files / 'test.pkl'), ann=str(files / 'train.txt'), truth=str(files / 'truth.txt')).run(site)
