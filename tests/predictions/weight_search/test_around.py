"""Near weights are judged as if all rows were worked out again."""
import numpy as np
import pytest

from mmcomp.metrics.by_name import find_metric
from mmcomp.predictions.weight_search.around import PlainAround
from mmcomp.predictions.weight_search.gathering import gather


@pytest.mark.parametrize('decimals', [None, 1])
@pytest.mark.parametrize('name', ['accuracy', 'macro_f1'])
def test_skipped_rows_do_not_change(members, name, decimals):
    tables, known = members([.6, .8, .5, .7], classes=9, decimals=decimals)
    evidence = gather(tables, known, find_metric(name))
    rng, scores = np.random.default_rng(0), evidence.scores
    judge = (lambda labels: labels == known[1]) if name == 'accuracy' else (lambda labels: labels)
    for share in (.5, .1, .01, -.05):
        weights = rng.dirichlet(np.ones(4))
        raw = scores.combine(weights)
        for near in ((1 - share, {2: share}), (1., {0: abs(share), 3: -min(abs(share), weights[3])})):
            expected = PlainAround(scores, raw).outcome(*near)
            np.testing.assert_array_equal(judge(scores.around(raw).outcome(*near)), judge(expected))


def test_far_rows_are_skipped(members):
    tables, known = members([2., 2.2, 2.1], samples=2000)
    scores = gather(tables, known, find_metric('macro_f1')).scores
    around = scores.around(scores.combine(np.full(3, 1 / 3)))
    worked_out = []
    plain = around._labels
    around._labels = lambda rows, *rest: (worked_out.append(len(rows)), plain(rows, *rest))[1]
    around.outcome(.99, {1: .01})
    assert sum(worked_out) < .1 * len(scores.rows)
