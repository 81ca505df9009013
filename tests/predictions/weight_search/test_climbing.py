import numpy as np
import pytest

from mmcomp.metrics.by_name import find_metric
from mmcomp.predictions.weight_search.climbing import climb, coordinate_weights
from mmcomp.predictions.weight_search.gathering import gather
from mmcomp.predictions.weight_search.objective import Objective
from mmcomp.predictions.weight_search.simplex import likeliest_weights


@pytest.mark.parametrize('name', ['log_loss', 'accuracy', 'top_2_accuracy'])
def test_a_climb_only_goes_up_and_stays_on_the_simplex(members, name):
    tables, known = members([.3, .5, .6, .9])
    objective = Objective.of(gather(tables, known, find_metric(name)))
    for start in (np.full(4, .25), np.eye(4)[1]):
        found = climb(objective, start, pairs=[(0, 3), (3, 0)])
        assert objective(found) >= objective(start) and found.sum() == pytest.approx(1) and (found >= 0).all()
    found = coordinate_weights(objective)
    assert objective(found) >= max(objective(np.full(4, .25)), *objective.vertices())


def test_it_comes_close_to_the_optimum_of_log_loss(members):
    tables, known = members([.3, .5, .6, .9, .8], samples=500)
    objective = Objective.of(gather(tables, known, find_metric('log_loss')))
    assert objective(coordinate_weights(objective)) > objective(likeliest_weights(objective.true)) - 1e-3
