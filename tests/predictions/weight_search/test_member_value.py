import numpy as np
import pytest

from mmcomp.metrics.by_name import find_metric
from mmcomp.predictions.weight_search.gathering import gather
from mmcomp.predictions.weight_search.member_value import correlations, leave_one_out, prune, renormalised
from mmcomp.predictions.weight_search.nested import sample_folds, validate
from mmcomp.predictions.weight_search.searching import equal_weights, make_search


@pytest.mark.parametrize('name', ['accuracy', 'macro_f1', 'log_loss', 'top_2_accuracy'])
def test_correlations_are_numpys(members, name):
    tables, (ids, truth) = members([.5, .9, .7])
    evidence = gather(tables, (ids, truth), find_metric(name))
    own = [t.scores[np.arange(len(truth)), truth] for t in tables]
    values = {'log_loss': own, 'top_2_accuracy': [(t.scores > o[:, None]).sum(1) < 2 for t, o in zip(tables, own)]}
    values = values.get(name, [t.scores.argmax(1) == truth for t in tables])
    np.testing.assert_allclose(correlations(evidence)[0], np.corrcoef(np.array(values, float)), atol=1e-5)


def test_renormalised():
    weights = renormalised(np.array([[.5, .3, .2], [1., 0, 0]]), 0)
    np.testing.assert_allclose(weights, [[0, .6, .4], [0, .5, .5]])


def test_a_copy_is_worth_nothing_and_the_only_good_one_much(members):
    tables, known = members([.2, .2, 1.5], samples=600)
    tables = [tables[0], tables[0], tables[2]]
    evidence = gather(tables, known, find_metric('log_loss'))
    nested = validate(evidence, make_search('simplex'), sample_folds(known[1], 5))
    values = leave_one_out(evidence, nested)
    assert values[0].is_noise and values[1].is_noise and values[2].low > .3


@pytest.mark.parametrize('search', [equal_weights, make_search('simplex')])
def test_pruning_keeps_whom_it_needs(members, search):
    tables, known = members([1., 1.05, .95], samples=900, own=.9)
    noise, _ = members([0., 0.], samples=900, seed=5, own=1.)
    evidence = gather([*tables, *noise, tables[0]], known, find_metric('log_loss'))
    nested = validate(evidence, search, sample_folds(known[1], 5))
    kept, after = prune(evidence, nested, search)
    assert not {3, 4} & set(kept) and len(kept) >= 2 and 1 in kept
    value = evidence.metric.value
    assert value(after.outcome, known[1]) <= value(nested.outcome, known[1]) + .01
