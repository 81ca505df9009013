"""What each stage leaves, against what it should be by hand. Trainings and predictions: conformance/test_recipe.py."""
import csv
import json

import numpy as np
import pytest

from mmcomp.annotations import read_list, write_list
from mmcomp.errors import ConfigError
from mmcomp.metrics.bias_auc import coded_bias_auc, coded_groups
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.recipes import stages as _stages  # noqa: F401 (registers them)
from mmcomp.recipes.stage import STAGES, Site
from mmcomp.structures import PredictionTable

NAMES = [f'{i}.png' for i in range(90)]
TRUTH = np.repeat(np.arange(3), 30)


@pytest.fixture
def run(tmp_path):
    """``run('Split', ann=…)`` is the folder that the stage left."""
    made = []

    def run_stage(kind, teachers=None, **settings):
        folder = tmp_path / f'stage{len(made)}'
        folder.mkdir()
        made.append(STAGES.get(kind, 'test')(**settings).run(Site('name', folder, 'k' * 16, (), teachers or {})))
        run_stage.said = made[-1]
        return folder
    return run_stage


@pytest.fixture
def table(tmp_path):
    """A function that writes a table whose scores lean to the truth, the more the higher ``skill``."""
    def write(name, skill, **origin):
        rng = np.random.default_rng(len(name))
        logits = skill * np.eye(3)[TRUTH] + rng.normal(size=(90, 3)) + [1, 0, 0]
        scores = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(np.float32)
        write_table(PredictionTable(NAMES, scores, classes=('a', 'b', 'c'), origin=origin), tmp_path / f'{name}.pkl')
        return str(tmp_path / f'{name}.pkl')
    return write


def test_folds_part_the_list(run, tmp_path):
    write_list(tmp_path / 'all.txt', NAMES, TRUTH)
    held = []
    for fold in range(3):
        folder = run('Split', ann=str(tmp_path / 'all.txt'), folds=3, fold=fold)
        train, val = read_list(folder / 'train.txt'), read_list(folder / 'val.txt')
        assert sorted(train[0] + val[0]) == sorted(NAMES) and np.bincount(val[1]).tolist() == [10, 10, 10]
        held += val[0]
    assert sorted(held) == sorted(NAMES)
    drawn = read_list(run('Split', ann=str(tmp_path / 'all.txt'), folds=3, seed=1, stratified=False) / 'val.txt')[1]
    assert len(drawn) == 30 and np.bincount(drawn, minlength=3).tolist() != [10, 10, 10]
    with pytest.raises(ConfigError, match='`fold` must be 0 to 2; got 3'):
        run('Split', ann=str(tmp_path / 'all.txt'), folds=3, fold=3)


def test_groups_stay_together(run, tmp_path):
    names = [f'{i // 3}_{i}.png' for i in range(90)]
    write_list(tmp_path / 'all.txt', names, TRUTH)
    folder = run('Split', ann=str(tmp_path / 'all.txt'), folds=3, groups=r'^(\d+)_')
    train, val = ({n.split('_')[0] for n in read_list(folder / f'{p}.txt')[0]} for p in ('train', 'val'))
    assert not train & val


def test_rows_of_one_text_stay_together(run, tmp_path):
    write_list(tmp_path / 'all.txt', NAMES, TRUTH)
    (tmp_path / 'groups.txt').write_text(''.join(f'{name} {at // 3}\n' for at, name in enumerate(NAMES)))
    held = [read_list(run('Split', ann=str(tmp_path / 'all.txt'), folds=3, fold=fold,
                          group_list=str(tmp_path / 'groups.txt')) / 'val.txt')[0] for fold in range(3)]
    groups = [{NAMES.index(name) // 3 for name in names} for names in held]
    assert sorted(sum(held, [])) == sorted(NAMES) and not groups[0] & groups[1] and [len(g) for g in groups] == [10] * 3


def test_weighted_means(run, table):
    tables = [table('good', 3, val_score=.9), table('bad', 1, val_score=.6)]
    scores = [read_table(t).scores for t in tables]

    def mean(**settings):
        return read_table(run('Ensemble', {'tables': ['x', 'y']}, tables=tables, **settings) / 'table.pkl')

    np.testing.assert_allclose(mean().scores, (scores[0] + scores[1]) / 2, atol=1e-6)
    np.testing.assert_allclose(mean(weights=[3, 1]).scores, (3 * scores[0] + scores[1]) / 4, atol=1e-6)
    np.testing.assert_allclose(mean(scale=True, factor=2.).scores, (1.5 ** 2 * scores[0] + scores[1]) / 2, rtol=1e-5)
    judges = [table('judge1', 1, val_score=.5), table('judge2', 1, val_score=.6)]
    np.testing.assert_allclose(mean(scale=True, factor=1., judges=judges).scores,
                               (scores[0] + 1.2 * scores[1]) / 2, rtol=1e-5)
    origin = mean(weights=[3, 1]).origin
    assert origin == dict(stage='name', key='k' * 16, weights=[.75, .25], teachers=['x', 'y'], file=origin['file'])


def test_shares_follow_known_labels(run, table, tmp_path):
    write_list(tmp_path / 'val.txt', NAMES, TRUTH)
    good, noise = table('good', 3), table('noise', -3)
    folder = run('Weigh', tables=[good, noise], ann=str(tmp_path / 'val.txt'))
    assert json.loads((folder / 'shares.json').read_text()) == [1, 0]
    both = read_table(run('Ensemble', tables=[good, noise], shares=str(folder / 'shares.json')) / 'table.pkl')
    np.testing.assert_allclose(both.scores, read_table(good).scores, atol=1e-6)


def test_shares_of_many_are_searched_and_refused_inside_the_noise(run, table, tmp_path):
    write_list(tmp_path / 'val.txt', NAMES, TRUTH)
    tables = [table('good', 3), table('good2', 3.5), table('noise', -3)]
    for search in ('simplex', 'caruana', 'coordinate'):
        shares = json.loads((run('Weigh', tables=tables, ann=str(tmp_path / 'val.txt'), search=search) /
                             'shares.json').read_text())
        assert sum(shares) == pytest.approx(1) and shares[2] < .05, 'one that is wrong has no say'
    alike = [table('one', 1.5), table('other', 1.5)]
    folder = run('Weigh', tables=alike, ann=str(tmp_path / 'val.txt'), search='caruana', metric='accuracy', folds=3)
    assert json.loads((folder / 'shares.json').read_text()) == [.5, .5] and 'inside the noise' in run.said
    with pytest.raises(ConfigError, match='two without `search`'):
        run('Weigh', tables=tables, ann=str(tmp_path / 'val.txt'))


def test_pseudo_rows_know_their_teachers(run, table, tmp_path):
    write_list(tmp_path / 'train.txt', ['x.png'], [2])
    made = table('good', 2)
    folder = run('PseudoLabel', {'table': ['swin-fold1']}, table=made, ann=str(tmp_path / 'train.txt'), threshold=.6)
    paths, labels = read_list(folder / 'train.txt')
    scores = read_table(made).scores
    sure = np.flatnonzero(scores.max(1) > .6)
    assert paths == ['x.png', *(f'test/{NAMES[i]}' for i in sure)]
    assert labels.tolist() == [2, *scores[sure].argmax(1)]
    rows = list(csv.DictReader((folder / 'rows.csv').open()))
    assert len(rows) == len(sure) and {row['teachers'] for row in rows} == {'swin-fold1'}
    np.testing.assert_allclose([float(row['score']) for row in rows], scores[sure].max(1), rtol=1e-5)


def test_a_part_of_the_test_set_and_even_classes(run, table, tmp_path):
    write_list(tmp_path / 'train.txt', ['x.png'], [2])
    kept = {even: read_list(run('PseudoLabel', table=table('good', 2), ann=str(tmp_path / 'train.txt'), keep=.8,
                                even=even) / 'train.txt')[1][1:] for even in (False, True)}
    assert len(kept[False]) == 72 and np.bincount(kept[False]).max() > 30 >= np.bincount(kept[True]).max()
    with pytest.raises(ConfigError, match='`threshold, keep` must be one of them'):
        run('PseudoLabel', table=table('good', 2), ann=str(tmp_path / 'train.txt'))


def test_pseudo_rows_that_members_agree_on(run, table, tmp_path):
    write_list(tmp_path / 'train.txt', ['x.png'], [2])
    members = [table('good', 2), table('bad', 1)]
    folder = run('PseudoLabel', dict(table=['swin']), table=members[0], members=members,
                 ann=str(tmp_path / 'train.txt'), threshold=.3, min_agreement=1., soft=True, prefix='new')
    same = np.flatnonzero(read_table(members[0]).labels() == read_table(members[1]).labels())
    soft = read_table(folder / 'soft.pkl')
    assert read_list(folder / 'train.txt')[0][1:] == soft.ids.tolist() == [f'new/{NAMES[i]}' for i in same]
    assert soft.scores.dtype == np.float16 and soft.origin['teachers'] == ['swin']
    kept = list(csv.DictReader((folder / 'classes.csv').open()))
    assert sum(int(row['kept']) for row in kept) == len(same) < sum(int(row['predicted']) for row in kept) == 90


def test_cleaning_finds_planted_wrong_labels(run, tmp_path):
    given = TRUTH.copy()
    given[[4, 40, 70]] = [1, 2, 0]
    write_list(tmp_path / 'train.txt', NAMES, given)
    scores = np.where(np.eye(3)[TRUTH] > 0, .9, .05).astype(np.float32)
    for half in (0, 1):
        write_table(PredictionTable(NAMES[half::2], scores[half::2]), tmp_path / f'{half}.pkl')
    tables = [str(tmp_path / f'{half}.pkl') for half in (0, 1)]
    dropped = run('Clean', ann=str(tmp_path / 'train.txt'), tables=tables)
    assert set(NAMES) - set(read_list(dropped / 'train.txt')[0]) == {'4.png', '40.png', '70.png'}
    mended = run('Clean', ann=str(tmp_path / 'train.txt'), tables=tables, action='relabel')
    assert (read_list(mended / 'train.txt')[1] == TRUTH).all()


def test_even_labels_become_a_submission_in_the_samples_order(run, table, tmp_path):
    labels = run('Redistribute', table=table('good', 1), method='balanced') / 'labels.csv'
    (tmp_path / 'sample.csv').write_text('image,label\n' + ''.join(f'{n},a\n' for n in reversed(NAMES)))
    folder = run('Submit', predictions=str(labels), sample=str(tmp_path / 'sample.csv'))
    rows = list(csv.reader((folder / 'submission.csv').open()))
    assert rows[0] == ['image', 'label'] and [r[0] for r in rows[1:]] == NAMES[::-1]
    assert {name: sum(r[1] == name for r in rows) for name in 'abc'} == dict(a=30, b=30, c=30)


def test_scores_step_by_step(run, table, tmp_path):
    write_list(tmp_path / 'truth.txt', NAMES, TRUTH)
    (tmp_path / 'classes.txt').write_text('a\nb\nc\n')
    steps = {'first': table('bad', 1), 'then': table('good', 3)}
    rungs = json.loads((run('Score', truth=str(tmp_path / 'truth.txt'), classes=str(tmp_path / 'classes.txt'),
                            steps=steps) / 'ladder.json').read_text())
    right = [(read_table(path).labels() == TRUTH).mean() for path in steps.values()]
    assert [r['name'] for r in rungs] == ['first', 'then'] and [r['accuracy'] for r in rungs] == pytest.approx(right)
    assert rungs[1]['gain'] == pytest.approx(right[1] - right[0])


@pytest.fixture
def tasks(tmp_path):
    """A function that writes a table of two tasks, the first of which leans to ``yes``."""
    yes = np.random.default_rng(0).random(90) < .4

    def write(name, skill, rows=slice(None)):
        scores = np.random.default_rng(len(name)).normal(size=(90, 2)) + skill * yes[:, None] * [1, 0]
        scores = (1 / (1 + np.exp(-scores))).astype(np.float32)
        write_table(PredictionTable(np.array(NAMES)[rows], scores[rows], 'value', ('target', 'insult')),
                    tmp_path / f'{name}.pkl')
        return str(tmp_path / f'{name}.pkl')
    return write, yes


def test_checkpoints_tasks_and_folds_are_put_together(run, tasks):
    write, _ = tasks
    files = [write(name, 1) for name in ('a', 'ab', 'abc')]
    scores = [read_table(path).scores.astype(float) for path in files]
    table = read_table(run('Ensemble', tables=files, weights='exp2', columns=['target']) / 'table.pkl')
    assert table.classes == ('target', ) and table.origin['weights'] == pytest.approx([1 / 7, 2 / 7, 4 / 7])
    want = scores[0] / 7 + 2 * scores[1] / 7 + 4 * scores[2] / 7
    np.testing.assert_allclose(table.scores[:, 0], want[:, 0], rtol=1e-5)
    named = read_table(run('Ensemble', tables=files, columns=dict(main='insult')) / 'table.pkl')
    assert named.classes == ('main', ) and named.scores[:, 0] == pytest.approx(np.mean(scores, axis=0)[:, 1], rel=1e-5)
    odds = np.mean([np.log(s / (1 - s)) for s in scores], axis=0)
    table = read_table(run('Ensemble', tables=files, method='logit') / 'table.pkl')
    np.testing.assert_allclose(table.scores, 1 / (1 + np.exp(-odds)), rtol=1e-5)
    folds = [write('abcd', 1, slice(0, 40)), write('abcd1', 1, slice(40, 90))]
    assert read_table(run('Ensemble', tables=folds, partial=True) / 'table.pkl').ids.tolist() == NAMES


def test_a_bias_score_step_by_step_and_weights_searched_on_it(run, tasks, tmp_path):
    write, yes = tasks
    groups = np.random.default_rng(1).random((90, 2)) < .5
    codes = coded_groups(yes, groups)
    write_list(tmp_path / 'truth.txt', NAMES, codes)
    (tmp_path / 'groups.txt').write_text(''.join(f'{name} {at // 2}\n' for at, name in enumerate(NAMES)))
    steps, truth = {'weak': write('bad', .5), 'strong': write('best', 4)}, str(tmp_path / 'truth.txt')
    folder = run('Score', truth=truth, metric='bias_auc', column='target', steps=steps)
    rungs = json.loads((folder / 'ladder.json').read_text())
    want = [coded_bias_auc(read_table(path).scores[:, 0], codes) for path in steps.values()]
    assert [r['accuracy'] for r in rungs] == pytest.approx(want) and rungs[0]['metric'] == 'bias_auc'
    assert rungs[1]['gain'] == pytest.approx(want[1] - want[0]) and .005 < rungs[1]['gain_error'] < .1
    steps['part'] = write('part', 4, slice(0, 60))
    part = run('Score', truth=truth, metric='bias_auc', column='target', steps=steps, partial=True)
    rungs = json.loads((part / 'ladder.json').read_text())
    weak = read_table(steps['weak']).scores[:60, 0]
    assert rungs[0]['accuracy'] == pytest.approx(coded_bias_auc(weak, codes[:60]))
    assert '| bias_auc |' in (folder / 'ladder.md').read_text()
    tables = [str(run('Ensemble', tables=[path], columns=['target']) / 'table.pkl')
              for name, path in steps.items() if name != 'part']
    folder = run('Weigh', tables=tables, ann=truth, search='coordinate', metric='bias_auc',
                 group_list=str(tmp_path / 'groups.txt'), folds=3)
    shares = json.loads((folder / 'shares.json').read_text())
    assert 'found weights' in run.said and shares[1] > .8
    blend = read_table(run('Ensemble', tables=tables, shares=str(folder / 'shares.json')) / 'table.pkl')
    assert coded_bias_auc(blend.scores[:, 0], codes) >= want[1] - 1e-6


def test_scores_to_hand_in(run, tasks, tmp_path):
    write, _ = tasks
    (tmp_path / 'sample.csv').write_text('id,toxicity\n' + ''.join(f'{name},0\n' for name in reversed(NAMES)))
    path = write('blend', 1)
    folder = run('SubmitScores', predictions=path, sample=str(tmp_path / 'sample.csv'), column='insult')
    rows = list(csv.reader((folder / 'submission.csv').open()))
    assert rows[0] == ['id', 'toxicity'] and [row[0] for row in rows[1:]] == NAMES[::-1]
    assert (np.array([row[1] for row in rows[1:]], np.float32) == read_table(path).scores[::-1, 1]).all()


def test_words_of_a_command(run, tmp_path):
    write = 'import sys; open(sys.argv[1] + "/a", "w").write(f"{sys.argv[2]}")'
    folder = run('Command', command=['{python}', '-S', '-c', write, '{out}', '{x}'], inputs=dict(x='here'))
    assert (folder / 'a').read_text() == 'here', 'braces that name nothing stay as they are'
    with pytest.raises(ConfigError, match='`command` must be made of {out}, {python}'):
        run('Command', command=['echo', '{nowhere}'])


def test_lists_from_folders(run, tmp_path):
    import cv2
    for name in ('train/a/1.png', 'train/a/2.png', 'train/b/1.png', 'train/b/2.png', 'testa/9.png'):
        (tmp_path / 'data' / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / 'data' / name), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / 'data/train/b/3.png').write_bytes(b'no image')
    folder = run('Prepare', root=str(tmp_path / 'data'), unlabelled=['testa'])
    assert sorted(read_list(folder / 'all.txt')[0]) == ['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png']
    assert len((folder / 'mae.txt').read_text().splitlines()) == 5 and 'b/3.png' in (folder / 'bad.txt').read_text()
    assert not (tmp_path / 'data/meta').exists(), 'the data are left as they are'
    assert run.said == '2 images of 2 classes, 1 left out'
