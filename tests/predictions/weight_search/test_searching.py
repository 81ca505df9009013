"""A planted good member is found; noise is refused."""
import numpy as np
import pytest

from mmcomp.errors import ConfigError
from mmcomp.metrics.by_name import find_metric
from mmcomp.predictions.weight_search.gathering import gather
from mmcomp.predictions.weight_search.searching import SEARCHES, make_search, search_weights


@pytest.mark.parametrize('search', SEARCHES)
@pytest.mark.parametrize('name', ['accuracy', 'log_loss', 'macro_f1'])
def test_a_planted_good_member_is_found(members, search, name):
    tables, known = members([.1, .1, 1.5, .1], samples=400)
    found = search_weights(gather(tables, known, find_metric(name)), make_search(search), folds=4)
    assert not found.refused and found.weights.argmax() == 2 and found.weights[2] > .5
    assert found.nested.gain.low > 0 and np.argmax([g.value for g in found.values]) == 2
    sign = found.evidence.metric.sign
    assert sign * found.score >= sign * found.equal_score


@pytest.mark.parametrize('name, search', [('accuracy', 'caruana'), ('log_loss', 'simplex'), ('macro_f1', 'coordinate')])
def test_equal_members_of_pure_noise_are_refused(members, name, search):
    refused = 0
    for seed in range(5):
        tables, known = members([.5] * 5, samples=200, own=1., seed=seed)
        found = search_weights(gather(tables, known, find_metric(name)), make_search(search), folds=4)
        refused += found.refused
        if found.refused:
            assert found.weights.tolist() == [.2] * 5 and found.score == found.equal_score
            sign = found.evidence.metric.sign
            assert sign * found.searched_score >= sign * found.equal_score - 1e-9, 'in the sample it looks better'
    assert refused >= 4


def test_force_keeps_them(members):
    tables, known = members([.5] * 4, samples=120, own=1.)
    evidence = gather(tables, known, find_metric('accuracy'))
    found = search_weights(evidence, make_search('caruana'), force=True)
    assert not found.refused and (found.weights == found.searched).all() and found.nested.gain.is_noise


def test_pruned_members_are_gone(members):
    tables, known = members([1.2, 1.2, 0., 0.], samples=500)
    found = search_weights(gather(tables, known, find_metric('log_loss')), make_search('simplex'), pruned=True)
    assert found.kept == [0, 1] and found.evidence.names == ('m0', 'm1')
    assert len(found.weights) == len(found.values) == found.nested.weights.shape[1] == 2


def test_two_classes_and_one_column(members):
    tables, (ids, truth) = members([.3, 1.], classes=2)
    for name in ('roc_auc', 'average_precision'):
        two = search_weights(gather(tables, (ids, truth), find_metric(name)), make_search('simplex'))
        one = [type(t)(t.ids, t.scores[:, 1:], 'value') for t in tables]
        one = search_weights(gather(one, (ids, truth), find_metric(name)), make_search('coordinate'))
        assert two.searched[1] > .5 and one.single_scores == pytest.approx(two.single_scores)


def test_logits_are_weighed_by_their_difference(members):
    from mmcomp.metrics.roc_auc import roc_auc
    tables, (ids, truth) = members([.5, 1.], classes=2, kind='logit')
    evidence = gather(tables, (ids, truth), find_metric('roc_auc'))
    total = sum(t.scores @ [-1., 1.] for t in tables)
    found = search_weights(evidence, make_search('coordinate'))
    assert found.equal_score == pytest.approx(roc_auc(truth > 0, total))


def test_a_wrong_search_is_told():
    with pytest.raises(ConfigError, match='Did you mean `simplex`'):
        make_search('simple')
