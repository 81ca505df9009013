"""The fast pipelines beside those they stand for."""
import json

import numpy as np
import pytest
from mmengine.config import Config

from mmcomp.apis import build
from mmcomp.registry import TRANSFORMS
from mmcomp.testing.photos import write_photos

SWITCHES = dict(FastLoadImageFromFile=('reduce_to', ), FastRandAugment=('compose', ),
                FastRandomErasing=('same_noise', ))


def pipelines(root, name):
    config = Config.fromfile(root / f'configs/_base_/pipelines/{name}.py').to_dict()
    return {key: config[key] for key in sorted(config)}


@pytest.mark.parametrize(('fast', 'stock'), [('resize_384_fast', 'resize_384'), ('crop_448_fast', 'crop_448'),
                                             ('resize_384_composed', 'resize_384')])
def test_they_differ_in_types_and_switches_only(root, fast, stock):
    ours = pipelines(root, fast)
    for step in ours['train_pipeline']:
        for switch in SWITCHES.get(step['type'], ()):
            assert step.pop(switch, None) is None or 'composed' in fast
    assert json.loads(json.dumps(ours).replace('"Fast', '"')) == json.loads(json.dumps(pipelines(root, stock)))


def run(steps, path, seed):
    np.random.seed(seed)
    results = dict(img_path=path, gt_label=3)
    for step in steps:
        results = step(results)
    return results, np.random.rand()


def test_the_whole_is_the_stock_one_but_for_levels_told_apart(root, tmp_path):
    paths = write_photos(tmp_path, 2)
    for part, beyond in (('train_pipeline', .01), ('test_pipeline', 0)):
        ours, stock = ([build(step, TRANSFORMS) for step in pipelines(root, name)[part]]
                       for name in ('resize_384_fast', 'resize_384'))
        shares = []
        for seed in range(16):
            (got, after), (expected, stock_after) = (run(steps, paths[seed % 2], seed) for steps in (ours, stock))
            assert after == stock_after, 'the same random numbers'
            assert got['data_samples'].metainfo == expected['data_samples'].metainfo
            apart = (got['inputs'].int() - expected['inputs'].int()).abs()
            shares.append((apart > 1).float().mean().item())
        assert np.mean(shares) <= beyond and np.median(shares) <= beyond / 1000
