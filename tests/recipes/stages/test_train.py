"""A stage with several GPUs starts a process on each; on this host they compute on the CPU."""
import json

import numpy as np

from mmcomp.predictions.tables import read_table
from mmcomp.recipes.recipe import load_recipe
from mmcomp.recipes.runner import RecipeRunner

RECIPE = """
custom_imports = dict(imports=['mmcomp.testing.digits_stage'])
stages = dict(
    data=dict(type='Digits', test_per_class=2, val_per_class=150),
    train=dict(type='Train', config={config!r}, ann='@data.train', gpus=2, options=dict(
        train_cfg=dict(max_epochs=2), train_dataloader=dict(dataset=dict(data_root='@data.root')))),
    both=dict(type='Predict', model='@train', folder='@data.test', tta=True, gpus=2),
    alone=dict(type='Predict', model='@train', folder='@data.test', tta=True, gpus=0))
"""


def test_two_processes(tmp_path, root):
    (tmp_path / 'recipe.py').write_text(RECIPE.format(config=str(root / 'configs/demo/digits-swin.py')))
    runner = RecipeRunner(load_recipe(tmp_path / 'recipe.py', work_dir=tmp_path / 'work'), gpus=[0, 1])
    assert runner.run(), [(t.name, t.reason) for t in runner.tasks.values() if t.state == 'failed']
    folder = {name: task.folder.path for name, task in runner.tasks.items()}
    log = (folder['train'] / 'log.txt').read_text()
    assert 'GPU number: 2' in log or 'world' in log or 'Distributed training: True' in log
    assert json.loads((folder['train'] / 'progress.json').read_text())['what'] == 'epoch 2 of 2'
    both, alone = (read_table(folder[name] / 'table.pkl') for name in ('both', 'alone'))
    assert both.ids.tolist() == alone.ids.tolist() and len(both) == 20
    np.testing.assert_array_equal(both.scores, alone.scores)
