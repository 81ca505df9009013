"""What a model of several modalities is fed."""
import numpy as np
import pytest

from mmcomp.errors import ConfigError
from mmcomp.registry import TRANSFORMS

RESULTS = dict(tokens=np.arange(3, dtype=np.int32), frames=np.zeros((0, 4), np.float16), sample_id='v1', weight=.5,
               gt_label=2, gt_score=np.array([.25, .75]))


def test_packed():
    found = TRANSFORMS.build(dict(type='PackModalities'))(dict(RESULTS))
    assert set(found['inputs']) == {'text', 'frames'} and found['inputs']['frames'].shape == (0, 4)
    sample = found['data_samples']
    assert sample.gt_label.tolist() == [2] and sample.gt_score.tolist() == [.25, .75]
    assert sample.sample_id == 'v1' and sample.weight == .5
    only = TRANSFORMS.build(dict(type='PackModalities', modalities=['text']))(dict(tokens=RESULTS['tokens']))
    assert set(only['inputs']) == {'text'}


def test_settings():
    for wrong in ([], ['sound']):
        with pytest.raises(ConfigError, match='modalities'):
            TRANSFORMS.build(dict(type='PackModalities', modalities=wrong))
