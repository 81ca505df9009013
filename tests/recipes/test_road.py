import numpy as np
import pytest

from mmcomp.annotations import read_list, write_list
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.recipes import road
from mmcomp.recipes.work_folder import WorkFolder
from mmcomp.structures import PredictionTable


@pytest.fixture()
def work(tmp_path):
    return WorkFolder(tmp_path / 'work', lambda line: None)


@pytest.fixture()
def skewed(tmp_path):
    """90 test images of 3 classes, 30 each; the scores lean to class 0. The table and the truth."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(3), 30)
    logits = 1.5 * np.eye(3)[truth] + rng.normal(size=(90, 3)) + [2, 0, 0]
    scores = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(np.float32)
    write_table(PredictionTable([f'{i}.png' for i in range(90)], scores, classes=('a', 'b', 'c')), tmp_path / 't.pkl')
    return tmp_path / 't.pkl', truth


def test_balanced_pseudo_labels_fill_no_class_beyond_its_share(work, skewed, tmp_path):
    write_list(tmp_path / 'train.txt', ['x.png'], [0])
    right, counts = {}, {}
    for name, balanced in (('raw', False), ('even', True)):
        merged = road.pseudo(work, name, skewed[0], tmp_path / 'train.txt', keep=.8, balanced=balanced)
        paths, labels = read_list(merged)
        assert paths[0] == 'x.png' and all(p.startswith('test/') for p in paths[1:])
        rows = [int(p[5:-4]) for p in paths[1:]]
        right[name] = (labels[1:] == skewed[1][rows]).mean()
        counts[name] = np.bincount(labels[1:], minlength=3)
    assert counts['raw'].sum() == 72 and counts['raw'].max() > 30 >= counts['even'].max()
    assert right['even'] > right['raw']


def test_cleaning_drops_what_out_of_fold_tables_speak_against(work, tmp_path):
    labels, names = np.tile([0, 1], 20), [f'{i}.png' for i in range(40)]
    wrong = np.array([3, 10, 21])
    given = labels.copy()
    given[wrong] = 1 - given[wrong]
    write_list(tmp_path / 'train.txt', names, given)
    scores = np.where(np.eye(2)[labels] > 0, .9, .1).astype(np.float32)
    for half in (0, 1):
        write_table(PredictionTable(names[half::2], scores[half::2]), tmp_path / f'{half}.pkl')
    cleaned = road.clean(work, 'c', tmp_path / 'train.txt', [tmp_path / '0.pkl', tmp_path / '1.pkl'])
    kept, kept_labels = read_list(cleaned)
    assert set(names) - set(kept) == {names[i] for i in wrong} and len(kept_labels) == 37


def test_ensemble_weights_are_shares(work, skewed):
    table = read_table(road.ensemble(work, 'e', [skewed[0], skewed[0]], [3, 1]))
    assert table.kind == 'probability'
    np.testing.assert_allclose(table.scores, read_table(skewed[0]).scores, atol=1e-6)


def test_options_of_a_recipe_have_dots(tmp_path):
    recipe = road.Recipe(tmp_path / 'a.py', {'a.b': 1}).but(a__b=2, train_cfg__max_epochs=3)
    assert recipe.options == {'a.b': 2, 'train_cfg.max_epochs': 3}
