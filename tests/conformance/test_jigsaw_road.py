"""The Jigsaw recipes plan as published, and the small one goes from its table to a submission and a report."""
import csv
import json
import time

import numpy as np
import pytest

from mmcomp.annotations import read_list
from mmcomp.files import write_json
from mmcomp.metrics.bias_auc import coded_bias_auc
from mmcomp.predictions.tables import read_table
from mmcomp.recipes.instance import Bound, Outside, replaced
from mmcomp.recipes.provenance import teachers
from mmcomp.recipes.recipe import load_recipe
from mmcomp.recipes.report import gather
from mmcomp.recipes.stage import Site

TINY = dict(train_rows=240, test_rows=160, words=60)


@pytest.fixture(scope='module')
def recipes(root):
    folder = root / 'configs/jigsaw'
    return {name: load_recipe(folder / f'{name}.py', need_files=False)
            for name in ('recipe', 'recipe_released', 'recipe_small')}


def test_the_published_plan(recipes):
    instances = recipes['recipe'].plan.instances
    trained = {name: i for name, i in instances.items() if i.type.__name__ == 'Train'}
    assert [sum(name.startswith(f) for name in trained) for f in ('bert', 'gpt2', 'lstm1', 'lstm2')] == [5, 3, 2, 5]
    assert [trained[f'bert_{at}'].settings['seed'] for at in range(5)] == [1234, 667, 333, 167, 13]
    # Each is judged on the fold that it did not train on, and none else.
    held = {leaf for _, leaf in instances['bert_2_held'].bound()}
    assert held == {Bound('bert_2', 'model'), Bound('split-fold2', 'val')}
    assert instances['published'].settings['weights'] == [4, 2, .75, .75]
    assert (instances['power'].settings['power'], instances['lstm1_0_test'].settings['weights']) == (3.5, 'exp2')
    assert instances['lstm2'].settings['columns'] == dict(target='toxic')
    assert teachers(recipes['recipe'].plan, 'published')['tables'] == list(trained)
    assert len(recipes['recipe_released'].plan.instances) == len(instances) + 3


def run_here(plan, work):
    """Run the stages of a plan one after the other in this process, and leave what a runner leaves."""
    folders = {name: work / 'stages' / name for name in plan.instances}

    def path(leaf):
        if isinstance(leaf, Bound):
            return str(folders[leaf.instance] / plan.instances[leaf.instance].outputs[leaf.output].name)
        return str(leaf.path) if isinstance(leaf, Outside) else leaf

    rows = []
    for name, instance in plan.instances.items():
        folders[name].mkdir(parents=True)
        settings, site = replaced(instance.settings, path), Site(name, folders[name], 'k' * 8, (), teachers(plan, name))
        note = instance.type(**settings).run(site)
        outputs = {key: [o.kind, o.name] for key, o in instance.outputs.items()}
        write_json(folders[name] / 'stage.json', dict(
            state='done', note=note, started=time.time(), seconds=1., **site.told,
            outputs={key: dict(files=[]) for key in outputs}))
        rows.append(dict(name=name, base=instance.base, axes=instance.axes, type=instance.type.__name__, key='k' * 8,
                         needs=sorted(plan.needs(name)), outputs=outputs, folder=f'stages/{name}',
                         settings=replaced(instance.settings, lambda leaf: f'@{leaf.instance}.{leaf.output}' if
                                           isinstance(leaf, Bound) else path(leaf))))
    write_json(work / 'plan.json', dict(title='t', recipe='r', command='c', instances=rows))
    return folders


def test_from_a_table_to_a_submission_and_a_report(root, tmp_path):
    tiny = {f'stages.data.{key}': value for key, value in TINY.items()}
    recipe = load_recipe(root / 'configs/jigsaw/recipe_small.py', tiny, tmp_path)
    folders = run_here(recipe.plan, tmp_path)
    made, sample = folders['submission'] / 'submission.csv', folders['data'] / 'sample_submission.csv'
    rows, wanted = (list(csv.reader(path.read_text().splitlines())) for path in (made, sample))
    assert rows[0] == ['id', 'prediction'] and [row[0] for row in rows] == [row[0] for row in wanted]
    blend = read_table(folders['blend'] / 'table.pkl')
    np.testing.assert_array_equal(np.array([row[1] for row in rows[1:]], np.float32), blend.scores[:, 0])
    # Every row was held back once, and the student learned from these tables.
    ids, codes = read_list(folders['lists'] / 'truth.txt')
    oof = read_table(folders['teachers'] / 'table.pkl')
    assert sorted(oof.ids) == sorted(ids) and oof.classes[:2] == ('target', 'severe_toxicity')
    config = (folders['student'] / 'config.py').read_text()
    assert str(folders['teachers'] / 'table.pkl') in config
    rungs = json.loads((folders['score'] / 'ladder.json').read_text())
    truth = dict(zip(*read_list(folders['released'] / 'truth.txt'), strict=True))
    judged = coded_bias_auc(blend.scores[:, 0], np.array([truth[i] for i in blend.ids]))
    assert rungs[-1]['accuracy'] == pytest.approx(judged)
    report = gather(tmp_path)
    assert report['measure'] == 'bias_auc' and report['headline']['final']['value'] == pytest.approx(judged)
    held = {row['name']: row['oof'] for row in report['board'] if row['oof']}
    whole = read_table(folders['bert_oof'] / 'table.pkl')
    code = dict(zip(ids, codes, strict=True))
    want = coded_bias_auc(whole.scores[:, 0], np.array([code[i] for i in whole.ids]))
    assert held['bert_fold']['value'] == pytest.approx(want) and held['bert_fold']['samples'] == len(ids)
