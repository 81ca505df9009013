"""The mean of minus the logarithm, each sample once."""
import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample
from sklearn.metrics import log_loss

from mmcomp.errors import ConfigError
from mmcomp.registry import METRICS


def samples(scores, labels, names=None):
    made = [DataSample().set_gt_label(int(label)).set_pred_score(torch.from_numpy(score))
            for score, label in zip(scores, labels)]
    for sample, name in zip(made, names or ()):
        sample.set_metainfo(dict(sample_id=name))
    return [sample.to_dict() for sample in made]


@pytest.mark.parametrize('named', [True, False])
def test_as_of_scikit_learn(named):
    random = np.random.default_rng(0)
    scores, labels = random.dirichlet(np.ones(4), 30), random.integers(0, 4, 30)
    metric = METRICS.build(dict(type='LogLossMetric'))
    names = [f'{i}' for i in range(30)] if named else None
    metric.process(None, samples(scores[:20], labels[:20], names and names[:20]))
    metric.process(None, samples(scores[20:], labels[20:], names and names[20:]))
    if named:  # a sample that another rank has, too
        metric.process(None, samples(scores[:3], labels[:3], names[:3]))
    found = metric.evaluate(30)
    assert found == {'log_loss/mean': pytest.approx(log_loss(labels, scores, labels=range(4)), rel=1e-6)}


def test_samples_without_labels():
    with pytest.raises(ConfigError, match='of one label'):
        METRICS.build(dict(type='LogLossMetric')).process(None, [dict(pred_score=torch.ones(2))])
