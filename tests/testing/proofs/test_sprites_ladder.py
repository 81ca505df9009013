"""The recipe's plan, the score of its classes, and gains over seeds."""
import numpy as np
import pytest

from mmcomp.apis import load_config
from mmcomp.apis.config_check import check_config
from mmcomp.recipes.recipe import load_recipe
from mmcomp.testing.proofs.sprites_ladder import OVER, gain_rows, two_level_score


def test_score_of_both_levels():
    # Actions 0 0 1 5 and 0 1 1 5; leaves 0 1 4 20 and 0 4 4 20.
    truth, predicted = np.array([0, 1, 4, 20]), np.array([0, 4, 4, 20])
    parents, leaves = (2 / 3 + 2 / 3 + 1) / 3, (1 + 0 + 2 / 3 + 1) / 4
    assert two_level_score(predicted, truth) == pytest.approx((.75 + parents + .75 + leaves) / 4)


def test_gains_are_within_a_seed():
    steps = dict.fromkeys(('frames alone', 'single stream'))
    seeds = [dict(zip(steps, (dict(score=.5, macro=.4), dict(score=.6, macro=.5)))),
             dict(zip(steps, (dict(score=.7, macro=.4), dict(score=.8, macro=.5))))]
    rows = gain_rows(seeds)
    assert rows[2] == ['single stream', '70.0 ± 14.1', '50.0 ± 0.0', '+10.0 ± 0.0', 'frames alone']
    assert rows[1][3:] == ['', ''] and gain_rows(seeds[:1])[2][3] == '+10.0'


def test_the_recipe_is_whole(root, tmp_path):
    plan = load_recipe(root / 'configs/wechat/recipe_sprites.py', work_dir=tmp_path, need_files=False).plan
    steps = plan.instances['score'].settings['steps']
    assert {*OVER, *OVER.values()} <= set(steps) and len(plan.instances) == 34
    for name in ('sprite-frames', 'sprite-features'):
        found = check_config(load_config(root / f'configs/wechat/{name}.py'))
        assert not [fault for fault in found if fault.level == 'error']
