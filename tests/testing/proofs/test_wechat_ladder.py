"""Rungs of several seeds, from stages that are cheap."""
import numpy as np
import pytest

from mmcomp.annotations import write_list
from mmcomp.errors import DataError
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable
from mmcomp.testing.proofs.wechat_ladder import climb, ladder_rows

RECIPE = """
steps = dict(first={first!r}, second={second!r})
stages = dict(
    split=dict(type='Split', ann={truth!r}, folds=2),
    score=dict(type='Score', truth={truth!r}, metric='mmcomp.competitions.wechat.scoring:SCORE', steps=steps),
    macro=dict(type='Score', truth={truth!r}, metric='macro_f1', steps=steps))
"""


def test_steps_by_stage_and_seconds(tmp_path):
    truth = np.array([0, 1, 0, 1])
    write_list(tmp_path / 'truth.txt', list('abcd'), truth)
    for name, labels in (('first', [0, 0, 0, 0]), ('second', truth)):
        write_table(PredictionTable(list('abcd'), np.eye(2, dtype=np.float32)[labels]), tmp_path / f'{name}.pkl')
    said = {name: str(tmp_path / f'{name}.pkl') for name in ('first', 'second')}
    (tmp_path / 'recipe.py').write_text(RECIPE.format(truth=str(tmp_path / 'truth.txt'), **said))
    steps, seconds = climb(tmp_path / 'recipe.py', tmp_path / 'work', 0)
    assert steps['second'] == dict(score=1., macro=1.) and seconds > 0
    # Micro F1 of the leaves .5, macro 1/3; the parent is right.
    assert steps['first'] == dict(score=pytest.approx((1 + 1 + .5 + 1 / 3) / 4), macro=pytest.approx(1 / 3))
    rows = ladder_rows([steps, dict(steps, first=dict(score=.5, macro=.5))])
    assert rows[0] == ['step', 'score', 'macro-F1'] and rows[2] == ['second', '1.000 ± 0.000', '1.000 ± 0.000']


def test_a_failure_is_told(tmp_path):
    write_list(tmp_path / 'truth.txt', list('ab'), np.array([0, 1]))
    write_table(PredictionTable(['a'], np.eye(2, dtype=np.float32)[[0]]), tmp_path / 'first.pkl')
    paths = dict.fromkeys(('first', 'second'), str(tmp_path / 'first.pkl'))
    (tmp_path / 'recipe.py').write_text(RECIPE.format(truth=str(tmp_path / 'truth.txt'), **paths))
    with pytest.raises(DataError, match='stages failed: .*score'):
        climb(tmp_path / 'recipe.py', tmp_path / 'work', 0)
