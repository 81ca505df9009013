"""The published road, whole: six rounds, ensemble, re-distribution, submission, on toy models and images."""
import csv
import json

import cv2
import numpy as np
import pytest

from mmcomp.annotations import read_list
from mmcomp.predictions.tables import read_table
from mmcomp.recipes.recipe import load_recipe
from mmcomp.recipes.runner import RecipeRunner
from mmcomp.recipes.views import PlainView

CLASSES, ROUNDS = 3, ('a1', 'a2', 'a3', 'b1', 'b2', 'b3')


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Images of three shades: 8 a class to train on, 6 in each test set."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp('accv')
    root = folder / 'data/ACCV_workshop'
    for part, count in (('train', 24), ('testa', 6), ('testb', 6)):
        for i in range(count):
            label = i % CLASSES
            image = np.clip(rng.normal(100 * label + 20, 20, (32, 32, 3)), 0, 255).astype(np.uint8)
            path = root / part / (f'{label:04d}/{i}.png' if part == 'train' else f'{i}.png')
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), image)
    return folder


def toy_settings(root):
    """Two small members in the place of four large ones, an epoch each; nothing else of the recipe is changed."""
    images = dict(data_root='data/ACCV_workshop', image_roots=dict(test='testa', testa='testa', testb='testb'),
                  classes=[f'{c:04d}' for c in range(CLASSES)])
    train = dict(train_cfg=dict(max_epochs=2), train_dataloader=dict(batch_size=8, dataset=images))
    tested = dict(test_dataloader=dict(dataset=images), model=dict(head=dict(num_classes=CLASSES)))
    config = str(root / 'configs/demo/digits-swin.py')
    members = [dict(name=name, config=config, last=last, tau=0., options=dict(train, **tested))
               for name, last in (('swin_b', 2), ('vit_ce', 1))]
    every = {f'stages.{name}.matrix.member': members for name in ('train_*', 'soup_*', 'look_*', 'val_*', 'own')}
    sure = {f'stages.{name}_sure.matrix.member': members[1:] for name in ('train', 'soup', 'look', 'val')}
    return {'stages.prepare.val_per_class': 2, 'stages.mae.config': str(root / 'configs/demo/digits-mae.py'),
            'stages.mae.options': dict(train_cfg=dict(max_epochs=2), train_dataloader=dict(
                batch_size=8, dataset={key: images[key] for key in ('data_root', 'image_roots')})),
            'stages.pseudo_*.threshold': .4, 'stages.labels.K': 1, **every, **sure}


def test_from_folders_to_a_submission(data, root, monkeypatch):
    monkeypatch.chdir(data)
    recipe = load_recipe(root / 'configs/swin/recipe_accv.py', toy_settings(root), data / 'work')
    runner = RecipeRunner(recipe, jobs=2, view=PlainView())
    assert runner.run()
    folder = {name: task.folder.path for name, task in runner.tasks.items()}

    rows = list(csv.reader((data / 'work/submission.csv').open()))
    assert sorted(row[0] for row in rows[1:]) == [f'{i}.png' for i in range(6)]
    assert {row[1] for row in rows[1:]} <= {f'{c:04d}' for c in range(CLASSES)}

    members = [*(f'look_{r}-{m}' for r in ('b1', 'b2', 'b3', 'end') for m in ('swin_b', 'vit_ce')), 'look_sure-vit_ce']
    judges = [*(f'val_{r}-{m}' for r in ('a3', 'b1', 'b2', 'b3') for m in ('swin_b', 'vit_ce')), 'val_sure-vit_ce']
    right = np.array([read_table(folder[j] / 'table.pkl').origin['val_score'] for j in judges])
    tables = [read_table(folder[m] / 'table.pkl') for m in members]
    assert all(table.scores.dtype == np.float16 for table in tables)
    weights = (right / right.min()) ** 25 / 9
    expected = sum(w * t.scores.astype(np.float32) for w, t in zip(weights, tables, strict=True))
    final = read_table(folder['final'] / 'table.pkl')
    np.testing.assert_allclose(final.scores, expected, rtol=1e-3)
    assert final.origin['teachers'] == [f'train_{r}-{m}' for r in ('a3', 'b1', 'b2', 'b3') for m in ('swin_b', 'vit_ce')
                                        ] + ['train_sure-vit_ce']

    clean = read_list(folder['clean'] / 'train.txt')[0]
    for name in ROUNDS:
        paths = read_list(folder[f'pseudo_{name}'] / 'train.txt')[0]
        before = clean if name[0] == 'a' else read_list(folder['pseudo_a3'] / 'train.txt')[0]
        assert paths[:len(before)] == before, 'rows of test A stay in the rounds of test B'
        assert all(p.startswith('testa/' if name[0] == 'a' else 'testb/') for p in paths[len(before):])
    told = json.loads((folder['soup_b3-swin_b'] / 'stage.json').read_text())
    assert told['note'] == '2 checkpoints'

    again = RecipeRunner(load_recipe(root / 'configs/swin/recipe_accv.py', toy_settings(root), data / 'work'))
    assert all(task.state == 'done' for task in again.tasks.values())
