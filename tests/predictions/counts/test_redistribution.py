from collections import defaultdict

import numpy as np
import pytest

from mmcomp.errors import ConfigError, TableError
from mmcomp.predictions.counts.redistribution import greedy_labels, redistribute
from mmcomp.structures import PredictionTable


def random_scores(samples, classes, seed=0):
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((samples, classes)) + 1.5 * rng.standard_normal(classes)
    scores = np.exp(logits)
    return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def as_table(scores, **kwargs):
    return PredictionTable([f'{i}.jpg' for i in range(len(scores))], scores, **kwargs)


def published(scores, floor):
    """The published procedure, sample by sample, on lists."""
    scores = [[float(s) for s in row] for row in scores]
    classes = range(len(scores[0]))
    predicted = [max(classes, key=row.__getitem__) for row in scores]
    by_count = defaultdict(list)
    for c in classes:
        if predicted.count(c) < floor:
            by_count[predicted.count(c)].append(c)
    labels = list(predicted)
    for count, short in by_count.items():
        for c in short:
            column = [0 if p == c else row[c] for row, p in zip(scores, predicted, strict=True)]
            for i in sorted(range(len(column)), key=lambda i: -column[i])[:floor - count]:
                labels[i] = c
    return labels


@pytest.mark.parametrize('samples, classes, floor', [(60, 7, 8), (200, 90, 2), (300, 20, 15), (5, 5, 1)])
@pytest.mark.parametrize('seed', range(3))
def test_greedy_is_the_published_procedure(samples, classes, floor, seed):
    scores = random_scores(samples, classes, seed)
    assert greedy_labels(scores, floor).tolist() == published(scores, floor)


def test_greedy_with_ties_takes_earlier_rows():
    scores = np.round(random_scores(120, 6), 1)  # many equal scores, many zeros
    assert greedy_labels(scores, 18).tolist() == published(scores, 18)


def test_greedy_by_hand_the_last_taker_wins_and_donors_may_fall_short():
    # Counts are 6, 1, 0, 1. K = 1: only class 2 is short and takes row 2 (.35).
    scores = np.array([[.6, .1, .2, .1], [.5, .1, .3, .1], [.4, .1, .35, .15], [.7, .1, .1, .1],
                       [.1, .6, .25, .05], [.1, .2, .1, .6], [.8, .1, .05, .05], [.8, .1, .04, .06]], np.float32)
    assert greedy_labels(scores, 1).tolist() == [0, 0, 2, 0, 1, 3, 0, 0]
    # K = 2. Count 1 is met first: class 1 takes row 5 (.2) from class 3; class 3 takes row 2 (.15).
    # Then count 0: class 2 takes rows 2 (.35, again) and 1 (.3). Class 3 is left with nothing.
    assert greedy_labels(scores, 2).tolist() == [0, 2, 2, 0, 1, 1, 0, 0]


def test_scores_stay_as_they_were_and_counts_move_towards_the_floor():
    table = as_table(random_scores(400, 20))
    before = table.scores.copy()
    for method, kwargs in (('greedy', {'floor': 16}), ('sinkhorn', {}), ('balanced', {})):
        labels = redistribute(table, method, **kwargs)
        np.testing.assert_array_equal(table.scores, before)
        counts, old = (np.bincount(x, minlength=20) for x in (labels, table.labels()))
        assert counts.std() < old.std() / 2 and labels.shape == (400,)


def test_gains_where_the_truth_is_uniform_and_the_model_is_skewed():
    rng = np.random.default_rng(1)
    truth = np.arange(2000) % 40
    logits = 1.5 * rng.standard_normal((2000, 40)) + rng.standard_normal(40)
    logits[np.arange(2000), truth] += 3.5
    scores = np.exp(logits)
    table = as_table((scores / scores.sum(axis=1, keepdims=True)).astype(np.float32))

    def correct(labels):
        return int((labels == truth).sum())
    plain, greedy = correct(table.labels()), correct(redistribute(table, floor=44))
    soft, exact = correct(redistribute(table, 'sinkhorn')), correct(redistribute(table, 'balanced'))
    half = correct(redistribute(table, 'sinkhorn', strength=.5))
    assert plain < greedy < soft and plain < half < soft and greedy < exact


@pytest.mark.parametrize('method, kwargs, words', [
    ('greedy', {}, 'K'), ('greedy', {'floor': 0}, 'K'), ('greedy', {'floor': 11}, 'from 1 to 10'),
    ('balanced', {'counts': (11, 12)}, 'Widen'), ('sinkhorn', {'counts': (5, 9)}, 'Widen'),
    ('sinkhorn', {'strength': 1.5}, 'strength'), ('other', {}, 'method')])
def test_impossible_counts_are_refused(method, kwargs, words):
    with pytest.raises(ConfigError, match=words):
        redistribute(as_table(random_scores(100, 10)), method, **kwargs)


def test_logits_are_refused():
    scores = random_scores(100, 10)
    with pytest.raises(TableError, match='probability'):
        redistribute(as_table(np.log(scores), kind='logit'), floor=5)
    with pytest.raises(TableError, match='not negative'):
        redistribute(as_table(scores - 1, kind='value'), floor=5)
