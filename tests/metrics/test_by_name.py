"""What a name finds gives what the dense function gives."""
import numpy as np
import pytest

from mmcomp.errors import ConfigError
from mmcomp.metrics.accuracy import top_k_accuracy
from mmcomp.metrics.by_name import METRICS, find_metric
from mmcomp.metrics.log_loss import log_loss


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.dirichlet(np.ones(5), 80), rng.integers(0, 5, 80)


def looked_at(metric, scores, truth):
    own = scores[np.arange(len(truth)), truth]
    return {'label': scores.argmax(1), 'true': own, 'positive': scores[:, 1],
            'rank': (scores > own[:, None]).sum(1) < metric.k}[metric.looks_at]


@pytest.mark.parametrize('name', [*METRICS, 'top_3_accuracy'])
def test_the_mean_of_its_samples_is_its_value(name, rows):
    metric, (scores, truth) = find_metric(name), rows
    value = metric.value(looked_at(metric, scores, truth), truth)
    assert np.isfinite(value)
    if metric.per_sample:
        assert metric.per_sample(looked_at(metric, scores, truth), truth).mean() == pytest.approx(value)


def test_they_are_the_dense_functions(rows):
    scores, truth = rows
    for metric, dense in ((find_metric('top5'), top_k_accuracy(scores, truth, 5)),
                          (find_metric('top_2_acc'), top_k_accuracy(scores, truth, 2)),
                          (find_metric('LogLoss'), log_loss(scores, truth))):
        assert metric.value(looked_at(metric, scores, truth), truth) == pytest.approx(dense)


def test_losses_are_better_when_lower():
    assert find_metric('log-loss').sign == -1 and find_metric('mcc').sign == 1
    assert find_metric('auc') is METRICS['roc_auc']


def test_a_metric_of_another_module():
    assert find_metric('mmcomp.competitions.wechat.scoring:SCORE').name == 'wechat_score'
    for name in ('mmcomp.nowhere:X', 'mmcomp.metrics.f1:X', 'mmcomp.metrics.f1:macro_f1'):
        with pytest.raises(ConfigError, match='metric'):
            find_metric(name)


@pytest.mark.parametrize('name, closest', [('acuracy', 'accuracy'), ('macro_f', 'macro_f1'),
                                           ('top_0_accuracy', 'top_5')])
def test_a_wrong_name_is_told_with_close_ones(name, closest):
    with pytest.raises(ConfigError, match=f'must be one of .*Did you mean .*{closest}'):
        find_metric(name)
