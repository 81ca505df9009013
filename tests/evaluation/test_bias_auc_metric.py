"""What ranks saw twice counts once; the numbers are those of the pure function."""
import numpy as np
import pytest
import torch

from mmcomp.apis.building import build
from mmcomp.errors import ConfigError, DataError
from mmcomp.metrics.bias_auc import bias_areas, bias_score
from mmcomp.registry import METRICS


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    truth, shares = rng.random((60, 2)), rng.random((60, 2))
    shares[::3, 0] = np.nan
    scores = rng.random((60, 2)) + truth
    return truth, shares, scores, [
        dict(sample_id=f'{row}', groups=shares[row], gt_score=torch.tensor(truth[row]),
             pred_score=torch.tensor(scores[row])) for row in range(60)]


def test_it_is_the_pure_function_and_doubles_count_once(samples):
    truth, shares, scores, rows = samples
    metric = build(dict(type='BiasAUCMetric', groups=['a', 'b'], task=1, details=True), METRICS)
    metric.process(None, rows[:40])
    metric.process(None, rows[30:])
    found = metric.evaluate(70)
    areas = bias_areas(truth[:, 1] >= .5, shares >= .5, scores[:, 1])
    assert found['bias/score'] == pytest.approx(bias_score(areas))
    assert found['bias/auc'] == pytest.approx(areas.overall)
    assert found['bias/bpsn/b'] == pytest.approx(areas.bpsn[1])


def test_where_no_group_is_left_there_is_no_score_but_the_training_goes_on(samples):
    rows = [dict(row, gt_score=row['gt_score'] * 0 if (row['groups'] >= .5).any() else row['gt_score'])
            for row in samples[3]]
    metric = build(dict(type='BiasAUCMetric', groups=['a', 'b']), METRICS)
    metric.process(None, rows)
    found = metric.evaluate(60)
    assert np.isnan(found['bias/score']) and np.isnan(found['bias/subgroup']) and 0 < found['bias/auc'] < 1
    strict = build(dict(type='BiasAUCMetric', groups=['a', 'b'], degenerate='error'), METRICS)
    strict.process(None, rows)
    with pytest.raises(DataError, match='subgroup of group 0'):
        strict.evaluate(60)


def test_what_is_missing_is_told(samples):
    rows = samples[3]
    metric = build(dict(type='BiasAUCMetric', groups=['a']), METRICS)
    with pytest.raises(ConfigError, match='got .no groups'):
        metric.process(None, [{k: v for k, v in rows[0].items() if k != 'groups'}])
    metric.process(None, rows)
    with pytest.raises(DataError, match='`groups` must be 1 shares a sample; got 2'):
        metric.evaluate(60)
