"""Filters keep what they say, against loops; soft tables know their teachers."""
import csv

import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.labels.pseudo_filters import (
    check_filters,
    chosen_rows,
    refuse_seen,
    row_signals,
    soft_table,
    write_kept,
    write_signals,
)
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable

ROWS, NAMES = 200, ('a', 'b', 'c', 'd')


def table(seed, order=None, classes=NAMES, **origin):
    """Predictions; the same truth under each seed, other noise, and any order of rows and classes."""
    truth = np.random.default_rng(0).choice(4, ROWS, p=[.6, .2, .15, .05])
    scores = np.exp(2 * np.eye(4)[truth] + np.random.default_rng(seed).normal(size=(ROWS, 4)))
    scores = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
    found = PredictionTable([f'v/{i}' for i in range(ROWS)], scores, classes=NAMES, origin=origin).select(classes)
    found = PredictionTable(found.ids, found.scores, classes=found.classes, origin=origin)
    return found if order is None else found.take(order)


@pytest.fixture
def signals():
    order = np.random.default_rng(9).permutation(ROWS)
    return row_signals(table(1), [table(1), table(2, order), table(3, None, NAMES[::-1])])


def test_signals_are_those_of_a_loop(signals):
    tables = [table(1), table(2), table(3)]
    for row in range(ROWS):
        scores = tables[0].scores[row].astype(float)
        assert signals.top[row] == pytest.approx(scores.max()) and signals.labels[row] == scores.argmax()
        assert signals.entropy[row] == pytest.approx(-(scores * np.log(scores)).sum(), rel=1e-4)
        same = [t.scores[row].argmax() == scores.argmax() for t in tables]
        assert signals.agreement[row] == pytest.approx(np.mean(same))
    assert 1 / 3 <= signals.agreement.min() < signals.agreement.max() == 1
    assert (row_signals(table(1)).agreement == 1).all()


def test_each_filter_keeps_what_it_says(signals):
    everything = set(range(ROWS))
    for filters, law in (
            (dict(threshold=.7), signals.top > .7), (dict(max_entropy=.5), signals.entropy <= .5),
            (dict(min_agreement=1.), signals.agreement > .99), (dict(min_agreement=2 / 3), signals.agreement > .6)):
        kept = chosen_rows(signals, **filters)
        assert set(kept) == set(np.flatnonzero(law)) != everything and (np.diff(kept) > 0).all()
    both = chosen_rows(signals, threshold=.5, min_agreement=1., max_per_class=5)
    for c in range(4):
        of_class = [row for row in range(ROWS)
                    if signals.labels[row] == c and signals.top[row] > .5 and signals.agreement[row] > .99]
        assert {row for row in both if signals.labels[row] == c} == set(
            sorted(of_class, key=lambda row: -signals.top[row])[:5])


def test_balanced_classes_give_no_more_than_their_mean(signals):
    before, after = (np.bincount(signals.labels[chosen_rows(signals, threshold=.5, balanced=even)], minlength=4)
                     for even in (False, True))
    mean = -(-before.sum() // (before > 0).sum())
    assert before.max() > mean and after.tolist() == np.minimum(before, mean).tolist()
    assert len(chosen_rows(signals, threshold=1., balanced=True)) == 0


def test_soft_targets_are_small_whole_and_signed(tmp_path, signals):
    rows = chosen_rows(signals, threshold=.8)
    write_table(soft_table(table(1, file='x.pkl', teachers=['fold0']), rows), tmp_path / 'soft.table')
    soft = read_table(tmp_path / 'soft.table').check()
    assert soft.scores.dtype == np.float16 and soft.origin['teachers'] == ['fold0']
    assert soft.ids.tolist() == [f'v/{row}' for row in rows]
    np.testing.assert_allclose(soft.scores, table(1).scores[rows], atol=1e-3)
    doubled = PredictionTable(table(1).ids, 2 * table(1).scores, 'value')
    np.testing.assert_allclose(soft_table(doubled, rows, ['t']).scores, soft.scores, atol=1e-3)
    assert soft_table(doubled, rows, ['t']).origin == dict(teachers=['t'])


def test_rows_that_the_teacher_trained_on_are_refused():
    refuse_seen(table(1), ['w/200', 'other'], 'train.txt')
    for seen in (['v/7', 'x'], ['7'], ['elsewhere/7']):
        with pytest.raises(TableError, match=r'trained on 1 of its rows \(train.txt\): v/7'):
            refuse_seen(table(1), seen, 'train.txt')


def test_reports(tmp_path, signals):
    rows = chosen_rows(signals, threshold=.8)
    write_signals(tmp_path / 'rows.csv', table(1).ids, signals, rows, NAMES, ['fold0', 'fold1'])
    lines = list(csv.DictReader((tmp_path / 'rows.csv').open()))
    assert len(lines) == len(rows) and lines[0]['teachers'] == 'fold0 fold1' and lines[0]['id'] == f'v/{rows[0]}'
    write_kept(tmp_path / 'kept.csv', signals, rows, NAMES)
    kept = {line['class']: line for line in csv.DictReader((tmp_path / 'kept.csv').open())}
    assert sum(int(line['kept']) for line in kept.values()) == len(rows)
    own = rows[signals.labels[rows] == 1]
    assert float(kept['b']['mean_top']) == pytest.approx(signals.top[own].mean(), abs=1e-3)
    for wrong in ((None, .5, 0), (None, 1.5, 2), (-1., None, 0)):
        with pytest.raises(TableError):
            check_filters('x', *wrong)
