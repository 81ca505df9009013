import numpy as np
import pytest

from mmcomp.errors import ConfigError
from mmcomp.metrics.by_name import find_metric
from mmcomp.predictions.weight_search.gathering import gather
from mmcomp.predictions.weight_search.nested import pooled_outcome, sample_folds, validate
from mmcomp.predictions.weight_search.objective import Objective


@pytest.mark.parametrize('name', ['accuracy', 'log_loss', 'top_2_accuracy'])
def test_each_fold_is_judged_by_weights_that_never_saw_it(members, name):
    tables, (ids, truth) = members([.5, .9, .7])
    evidence = gather(tables, (ids, truth), find_metric(name))
    fold, seen = sample_folds(truth, 4), []

    def search(objective):
        seen.append(objective.truth)
        return np.random.default_rng(len(seen)).dirichlet(np.ones(3))
    nested = validate(evidence, search, fold)
    for held, rows in enumerate(seen):
        np.testing.assert_array_equal(rows, truth[fold != held])
        whole = Objective.of(evidence).outcome(nested.weights[held])
        np.testing.assert_array_equal(nested.outcome[fold == held], whole[fold == held])
    best = [np.argmax(Objective.of(evidence, fold != held).vertices()) for held in range(4)]
    np.testing.assert_array_equal(nested.single, pooled_outcome(evidence, fold, np.eye(3)[best]))
    value = evidence.metric.value
    assert nested.gain.value == pytest.approx(
        evidence.metric.sign * (value(nested.outcome, truth) - value(nested.equal, truth)))


def test_folds():
    truth = np.repeat(np.arange(3), 20)
    assert (np.bincount(sample_folds(truth, 4) * 3 + truth) == 5).all()
    groups = [f'g{i // 5}' for i in range(60)]
    fold = sample_folds(truth, 3, groups)
    assert all(len(set(fold[i:i + 5])) == 1 for i in range(0, 60, 5))
    with pytest.raises(ConfigError, match='from 2 to 4, the number of samples; got 5'):
        sample_folds(truth[:4], 5)
    with pytest.raises(ConfigError, match='from 2 to 12, the number of groups; got 13'):
        sample_folds(truth, 13, groups)
