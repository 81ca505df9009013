"""What is kept gives the labels and ranks of the dense tables, whatever the weights; ties too."""
import numpy as np
import pytest

from mmcomp.metrics.accuracy import mean_class_accuracy, top_k_accuracy
from mmcomp.metrics.agreement import matthews
from mmcomp.metrics.by_name import find_metric
from mmcomp.metrics.f1 import macro_f1
from mmcomp.predictions.weight_search.gathering import gather
from mmcomp.predictions.weight_search.objective import Objective


def dense_sum(tables, weights):
    return sum((w * t.scores.astype(np.float64) for w, t in zip(weights, tables, strict=True)),
               start=np.zeros(tables[0].scores.shape))


def many_weights(number, seed=0):
    """Of all kinds: equal, single members, pairs, random."""
    rng = np.random.default_rng(seed)
    yield np.full(number, 1 / number)
    yield from np.eye(number)
    for a in range(1, number):
        yield (np.eye(number)[0] + np.eye(number)[a]) / 2
    for _ in range(20):
        yield rng.dirichlet(np.full(number, .5)) * (rng.random(number) < .7) + 1e-3 * np.eye(number)[0]


@pytest.mark.parametrize('decimals', [None, 1, 0])
@pytest.mark.parametrize('name', ['accuracy', 'balanced_accuracy', 'macro_f1', 'matthews', 'top_2_accuracy'])
def test_any_weights_give_the_dense_value(members, name, decimals):
    tables, (ids, truth) = members([.6, .8, .5, .7], classes=9, decimals=decimals)
    metric = find_metric(name)
    objective = Objective.of(gather(tables, (ids, truth), metric))
    for weights in many_weights(4):
        scores = dense_sum(tables, weights)
        dense = {'accuracy': lambda s: (s.argmax(1) == truth).mean(), 'top_2_accuracy': lambda s:
                 top_k_accuracy(s, truth, 2), 'macro_f1': lambda s: macro_f1(s.argmax(1), truth), 'matthews': lambda s:
                 matthews(s.argmax(1), truth), 'balanced_accuracy': lambda s: mean_class_accuracy(s.argmax(1), truth)}
        assert objective(weights) == dense[name](scores)


@pytest.mark.parametrize('name', ['accuracy', 'macro_f1', 'top_3_accuracy', 'log_loss'])
def test_parts_are_the_evidence_of_parts(members, name):
    tables, (ids, truth) = members([.6, .8, .5], decimals=None)
    evidence = gather(tables, (ids, truth), find_metric(name))
    rows, weights = np.random.default_rng(1).random(len(ids)) < .4, np.array([.2, .5, .3])
    part = gather([t.take(rows) for t in tables], (ids[rows], truth[rows]), find_metric(name))
    assert Objective.of(evidence, rows)(weights) == pytest.approx(Objective.of(part)(weights), abs=1e-15)
    two = gather([tables[2], tables[0]], (ids, truth), find_metric(name))
    assert Objective.of(evidence.select([2, 0]))(weights[:2]) == pytest.approx(Objective.of(two)(weights[:2]))


def test_few_classes_remain(members):
    tables, known = members([1.] * 5, classes=60, own=.4)
    evidence = gather(tables, known, find_metric('macro_f1'))
    assert len(evidence.scores.columns) < .25 * 60 * len(evidence)
