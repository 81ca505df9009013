import numpy as np
import pytest

from mmcomp.predictions.counts.label_moves import how_it_went, label_moves
from mmcomp.predictions.counts.redistribution import redistribution
from mmcomp.structures import PredictionTable


def test_numbers_of_a_small_table():
    scores = np.array([[.6, .4, 0], [.7, .2, .1], [.5, .3, .2], [0, .1, .9]], np.float32)
    table = PredictionTable(list('abcd'), scores, classes=('x', 'y', 'z'))
    moves = label_moves(table, np.array([0, 0, 0, 2]), np.array([0, 1, 2, 2]))
    assert moves.number == 2 and moves.mass == pytest.approx(.5 + .3) and moves.total == pytest.approx(2.7)
    assert moves.changes().tolist() == [-2, 1, 1]
    assert moves.most(table.class_names) == 'gained most: y +1, z +1; lost most: x -2'
    assert label_moves(table, np.zeros(4, int), np.zeros(4, int)).most(table.class_names) == ''


def test_words_of_each_way():
    scores = np.random.default_rng(0).dirichlet(np.linspace(.2, 1, 10), 200).astype(np.float32)
    table = PredictionTable([str(i) for i in range(200)], scores)
    for kwargs, words in ((dict(method='assignment'), r'gap \d'), (dict(method='prior'), 'most of '),
                          (dict(), 'nothing is known')):
        assert any(words.split('\\')[0] in line for line in how_it_went(redistribution(table, **kwargs), table))
    assert how_it_went(redistribution(table, floor=10), table) == []
