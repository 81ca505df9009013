import numpy as np
import pytest

from mmcomp.metrics.by_name import find_metric
from mmcomp.predictions.weight_search.gathering import gather
from mmcomp.predictions.weight_search.objective import Objective
from mmcomp.predictions.weight_search.simplex import kkt_gap, likeliest_weights, simplex_weights


@pytest.mark.parametrize('skills', [[.5, 1., .7], [.2] * 5, [.4, .45, .5, .55, .6, .65, .7, .75]])
def test_the_optimum_is_certified_and_no_point_is_better(members, skills):
    tables, known = members(skills)
    objective = Objective.of(gather(tables, known, find_metric('log_loss')))
    weights = simplex_weights(objective)
    assert weights.sum() == pytest.approx(1) and (weights >= 0).all()
    # Where a member has weight the gradient is one, elsewhere below it.
    gradient = (objective.true / (weights @ objective.true)).mean(axis=1)
    assert gradient.max() <= 1 + 2e-6 and gradient[weights > .01] == pytest.approx(1, abs=1e-3)
    best = objective(weights)
    others = np.random.default_rng(0).dirichlet(np.full(len(skills), .5), 400)
    gaps = [kkt_gap(objective.true, other) for other in others]
    assert all(best >= objective(other) - 2e-6 for other in [*others, *np.eye(len(skills))])
    assert all(best - objective(other) <= gap + 1e-9 for other, gap in zip(others, gaps)), 'the gap is a bound'


def test_zeros_and_copies():
    true = np.array([[.9, 0., .8, 0.], [.9, 0., .8, 0.], [0., .5, .1, 0.]])
    weights = likeliest_weights(true)
    assert np.isfinite(weights).all() and kkt_gap(np.maximum(true, 1e-15), weights) < 1e-5
    assert likeliest_weights(np.full((3, 4), .2)) == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize('name', ['accuracy', 'macro_f1'])
def test_other_metrics_end_no_lower_than_where_they_start(members, name):
    tables, known = members([.3, .5, .6, .9], samples=400)
    objective = Objective.of(gather(tables, known, find_metric(name)))
    weights = simplex_weights(objective)
    assert weights.sum() == pytest.approx(1) and (weights >= -1e-12).all()
    assert objective(weights) >= max(objective(likeliest_weights(objective.true)), objective(np.full(4, .25)))
    assert objective(weights) >= max(map(objective, np.eye(4)))
    random = max(objective(w) for w in np.random.default_rng(0).dirichlet(np.ones(4), 200))
    assert objective(weights) >= random - .005
