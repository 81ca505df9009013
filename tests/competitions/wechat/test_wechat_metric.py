"""The score from batches."""
import numpy as np
import pytest
import torch

import mmcomp.competitions.wechat.components  # noqa: F401  (registers)
from mmcomp.competitions.wechat.scoring import all_scores
from mmcomp.competitions.wechat.taxonomy import Taxonomy
from mmcomp.errors import ConfigError
from mmcomp.registry import METRICS


def test_batches_give_what_the_whole_gives(tmp_path):
    scores, truth = torch.rand(9, 6, generator=torch.Generator().manual_seed(0)).softmax(1), torch.arange(9) % 6
    out = tmp_path / 'classes.csv'
    metric = METRICS.build(dict(type='WeChatMetric', leaves=[2, 1, 3], counts=[9, 1, 9, 9, 1, 9],
                                save_per_class=str(out)))
    samples = [dict(pred_score=s, gt_label=t[None]) for s, t in zip(scores, truth)]
    samples[4] = dict(pred_score=scores[4], gt_score=torch.eye(6)[truth[4]])
    for start in (0, 5):
        metric.process(None, samples[start:start + 5])
    found = metric.evaluate(9)
    expected = all_scores(scores.numpy(), truth.numpy(), Taxonomy.from_counts([2, 1, 3]), counts=np.array([9, 1] * 3))
    expected['small_class_recall'] = found['wechat/small_class_recall']
    assert found == {f'wechat/{name}': value for name, value in expected.items()}
    rows = out.read_text().splitlines()
    assert rows[0] == 'category_id,samples,f1' and rows[1].startswith('0000,2,') and len(rows) == 7


def test_settings():
    with pytest.raises(ConfigError, match='label_set'):
        METRICS.build(dict(type='WeChatMetric', label_set='some'))
    metric = METRICS.build(dict(type='WeChatMetric'))
    metric.process(None, [dict(pred_score=torch.ones(6), gt_label=torch.tensor([1]))])
    with pytest.raises(ConfigError, match='leaves'):
        metric.evaluate(1)
