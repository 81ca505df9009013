"""Greedy selection on what is kept is that on the tables."""
import numpy as np
import pytest

from mmcomp.metrics.accuracy import accuracy
from mmcomp.metrics.by_name import find_metric
from mmcomp.metrics.f1 import macro_f1
from mmcomp.predictions.weight_search.caruana import PATIENCE, caruana_weights
from mmcomp.predictions.weight_search.gathering import gather
from mmcomp.predictions.weight_search.objective import Objective


def dense_caruana(tables, truth, value, steps):
    """As it is usually written: the whole tables, summed anew for every try."""
    scores = [t.scores.astype(np.float64) for t in tables]
    alone = np.array([value(s.argmax(1), truth) for s in scores])
    order = np.argsort(-alone, kind='stable')
    starts = [value(sum(scores[m] / (n + 1) for m in sorted(order[:n + 1])).argmax(1), truth)
              for n in range(len(tables))]
    number = int(np.argmax(starts)) + 1
    counts = np.bincount(order[:number], minlength=len(tables))
    total = sum(scores[m] / number for m in sorted(order[:number]))
    best, best_value, last = counts / number, starts[number - 1], number
    while number < steps and number - last < PATIENCE:
        share = 1 / (number + 1)
        tries = [value(((1 - share) * total + share * s).argmax(1), truth) for s in scores]
        chosen, number = int(np.argmax(tries)), number + 1
        counts[chosen] += 1
        total = (1 - share) * total + share * scores[chosen]
        if tries[chosen] > best_value:
            best, best_value, last = counts / number, tries[chosen], number
    return best


@pytest.mark.parametrize('decimals', [None, 1])
@pytest.mark.parametrize('name, value', [('accuracy', accuracy), ('macro_f1', macro_f1)])
def test_it_is_the_dense_one(members, name, value, decimals):
    for seed in range(3):
        tables, (ids, truth) = members([.5, .8, .6, .7], classes=8, seed=seed, decimals=decimals)
        objective = Objective.of(gather(tables, (ids, truth), find_metric(name)))
        found = caruana_weights(objective, steps=40)
        np.testing.assert_array_equal(found, dense_caruana(tables, truth, value, 40))


def test_bags_are_means_of_parts(members):
    tables, known = members([.5, .8, .6, .7])
    objective = Objective.of(gather(tables, known, find_metric('accuracy')))
    found = caruana_weights(objective, steps=20, bags=5, seed=3)
    assert found.sum() == pytest.approx(1) and (found >= 0).all()
    assert (found != caruana_weights(objective, steps=20)).any()
    np.testing.assert_array_equal(found, caruana_weights(objective, steps=20, bags=5, seed=3))


def test_steps_are_a_limit(members):
    tables, known = members([.5, .8, .6, .7])
    objective = Objective.of(gather(tables, known, find_metric('log_loss')))
    for steps in (6, 12):
        found = caruana_weights(objective, steps=steps)
        assert any(np.allclose(found * n, np.round(found * n)) for n in range(1, steps + 1))
