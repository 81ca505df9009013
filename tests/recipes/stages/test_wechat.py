"""Files, made-up ones and the submission of the WeChat competition as stages."""
import json

import numpy as np
import pytest

from mmcomp.annotations import read_list
from mmcomp.errors import DataError, TableError
from mmcomp.predictions.tables import write_table
from mmcomp.recipes.collecting import publish
from mmcomp.recipes.recipe import load_recipe
from mmcomp.recipes.runner import RecipeRunner
from mmcomp.recipes.stage import Site
from mmcomp.recipes.stages.wechat import WeChatFiles, WeChatResult, WeChatTwin
from mmcomp.structures import PredictionTable

TWIN = dict(leaves=[2, 3], labeled=12, unlabeled=4, test=5, width=8)
RECIPE = """
custom_imports = dict(imports=['mmcomp.recipes.stages.wechat'])
stages = dict(submission=dict(type='WeChatResult', predictions={table!r}, test={test!r}, leaves=[2, 3]))
"""


def site(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return Site('x', folder, 'key')


def test_lists_of_made_up_and_of_real_files(tmp_path):
    assert WeChatTwin(**TWIN).run(site(tmp_path / 'twin')) == '12 labeled, 4 unlabeled, 5 test'
    stage = WeChatFiles(annotations=str(tmp_path / 'twin/data/annotations'), leaves=[2, 3])
    assert stage.run(site(tmp_path / 'files')) == '12 labeled, 4 unlabeled, 5 test'
    for name in ('labeled.txt', 'unlabeled.txt', 'test.txt', 'classes.txt'):
        assert (tmp_path / 'files' / name).read_bytes() == (tmp_path / 'twin' / name).read_bytes()
    rows = json.loads((tmp_path / 'twin/data/annotations/labeled.json').read_text())
    ids, labels = read_list(tmp_path / 'files/labeled.txt')
    classes = (tmp_path / 'files/classes.txt').read_text().splitlines()
    assert [(row['id'], row['category_id']) for row in rows] == [(i, classes[label]) for i, label in zip(ids, labels)]
    with pytest.raises(DataError, match='one of the 2 codes'):
        WeChatFiles(annotations=stage.annotations, leaves=[1, 1]).run(site(tmp_path / 'wrong'))


def test_a_recipe_publishes_result_csv(tmp_path):
    WeChatTwin(**TWIN).run(site(tmp_path / 'twin'))
    ids, _ = read_list(tmp_path / 'twin/test.txt', with_label=False)
    scores = np.eye(5, dtype=np.float32)[[4, 0, 2, 1, 3]]
    codes = ('0000', '0001', '0100', '0101', '0102')
    write_table(PredictionTable(ids[::-1], scores[::-1], classes=codes), tmp_path / 'table.pkl')
    (tmp_path / 'recipe.py').write_text(RECIPE.format(
        table=str(tmp_path / 'table.pkl'), test=str(tmp_path / 'twin/test.txt')))
    runner = RecipeRunner(load_recipe(tmp_path / 'recipe.py', work_dir=tmp_path / 'work'))
    assert runner.run(), [(t.name, t.reason) for t in runner.tasks.values() if t.state == 'failed']
    publish(tmp_path / 'work')
    expected = ''.join(f'{name},{codes[label]}\n' for name, label in zip(ids, [4, 0, 2, 1, 3]))
    assert (tmp_path / 'work/result.csv').read_text() == expected
    write_table(PredictionTable(ids[1:], scores[1:], classes=codes), tmp_path / 'less.pkl')
    with pytest.raises(TableError, match='1 ids are missing'):
        WeChatResult(predictions=str(tmp_path / 'less.pkl'), test=str(tmp_path / 'twin/test.txt'),
                     leaves=[2, 3]).run(site(tmp_path / 'result'))
