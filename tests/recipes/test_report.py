"""What the report says, worked out again from the files of a made-up run."""
import csv
import json
import shutil

import numpy as np
import pytest

from mmcomp.annotations import read_list
from mmcomp.errors import DataError
from mmcomp.predictions.tables import read_table
from mmcomp.recipes.report import gather, write_report
from mmcomp.recipes.report.classes import rank_classes
from mmcomp.recipes.report.curves import thin
from mmcomp.recipes.report.members import compare
from mmcomp.recipes.report.thumbnails import thumbnail
from mmcomp.recipes.report.work import Work
from mmcomp.testing.fake_run import write_fake_run


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_fake_run(tmp_path_factory.mktemp('run'), models=3, folds=2, classes=6, train=120, test=90)


@pytest.fixture(scope='module')
def report(folder):
    return gather(folder)


def stage(folder, name):
    return next((folder / 'stages' / name).iterdir())


def row_of(report, words):
    return next(row for row in report['board'] if words in row['name'])


def right_in(table, ids, truth) -> int:
    """How many samples a table is right on, one by one."""
    where = {str(name): at for at, name in enumerate(table.ids)}
    return sum(int(np.argmax(table.scores[where[name]])) == label for name, label in zip(ids, truth, strict=True))


def test_out_of_fold_accuracy_pools_the_rows_of_all_folds(folder, report):
    right = rows = 0
    for fold in range(2):
        ids, truth = read_list(stage(folder, f'split-fold{fold}') / 'val.txt')
        table = read_table(stage(folder, f'hold-backbonevit_large-seed0-fold{fold}') / 'table.pkl')
        right += right_in(table, ids, truth)
        rows += len(ids)
    score = row_of(report, 'vit_large')['oof']
    assert rows == 120 == score['samples'] and score['value'] == pytest.approx(right / rows)
    assert score['low'] <= score['value'] <= score['high'] and score['note'] == ''


def test_test_accuracy_is_against_the_truth_of_the_score(folder, report):
    ids, truth = read_list(stage(folder, 'test') / 'truth.txt')
    right = [right_in(read_table(stage(folder, f'look-backbonevit_large-seed0-fold{fold}') / 'table.pkl'), ids, truth)
             for fold in range(2)]
    score = row_of(report, 'vit_large')['test']
    assert score['value'] == pytest.approx(np.mean(right) / len(ids)) and score['note'] == 'mean of 2'
    ensemble = row_of(report, 'together')
    table = read_table(stage(folder, 'together') / 'table.pkl')
    assert ensemble['test']['value'] == pytest.approx(right_in(table, ids, truth) / len(ids))
    assert ensemble['kind'] == 'ensemble' and ensemble['oof'] is None


def test_every_model_and_ensemble_is_there_once_and_the_best_comes_first(report):
    assert len(report['board']) == 3 + 2
    values = [row['test']['value'] for row in report['board']]
    assert values == sorted(values, reverse=True)
    assert len({row['name'] for row in report['board']}) == 5


def test_the_headline_is_the_last_step_and_its_gain_over_the_first(folder, report):
    rungs = json.loads((stage(folder, 'score') / 'ladder.json').read_text())
    final, gain = report['headline']['final'], report['headline']['gain']
    assert final['value'] == pytest.approx(rungs[-1]['accuracy']) and final['name'] == rungs[-1]['name']
    assert gain['value'] == pytest.approx(rungs[-1]['accuracy'] - rungs[0]['accuracy'])
    assert gain['low'] <= gain['value'] <= gain['high']
    assert report['headline']['submission']['rows'] == 90 and report['ladders'][0]['rungs'] == rungs


def test_counts_before_and_after_are_those_of_the_labels(folder, report):
    names = (stage(folder, 'data') / 'classes.txt').read_text().splitlines()
    table = read_table(stage(folder, 'together') / 'table.pkl')
    with open(stage(folder, 'even') / 'labels.csv', newline='') as file:
        after = {name: names.index(label) for name, label in csv.reader(file)}
    counts, = report['counts']
    assert counts['before'] == np.bincount(table.scores.argmax(axis=1), minlength=6).tolist()
    assert counts['after'] == np.bincount(list(after.values()), minlength=6).tolist()
    assert counts['changed'] == sum(after[str(i)] != label for i, label in zip(table.ids, table.scores.argmax(axis=1)))


def test_the_worst_classes_come_with_pictures_of_wrong_samples(folder, report):
    names = (stage(folder, 'data') / 'classes.txt').read_text().splitlines()
    truth = dict(zip(*read_list(stage(folder, 'test') / 'truth.txt'), strict=True))
    with open(stage(folder, 'even') / 'labels.csv', newline='') as file:
        said = dict(csv.reader(file))
    row = report['classes']['rows'][0]
    mine = [name for name, label in truth.items() if names[label] == row['name']]
    assert row['count'] == len(mine) and row['right'] == sum(said[name] == row['name'] for name in mine)
    assert row['images']
    for image in row['images']:
        assert image['id'] in mine and said[image['id']] == image['said'] != row['name']
        assert image['uri'].startswith('data:image/jpeg;base64,')


def test_a_class_missed_once_is_not_worse_than_one_missed_often():
    truth = np.array([0] + [1] * 40 + [2] * 40)
    predicted = np.array([1] + [1] * 4 + [2] * 36 + [2] * 39 + [-1])
    rows = rank_classes(predicted, truth)
    assert [row['label'] for row in rows] == [1, 0, 2]
    assert rows[0] == dict(label=1, count=40, right=4, mistaken=[(2, 36)])


def test_members_are_the_models_and_correlate_as_numpy_says(folder, report):
    members = report['members']
    assert len(members['names']) == 3 and members['stage'] == 'together'
    assert members['weights'] == pytest.approx([1 / 3] * 3)
    scores = [np.mean([read_table(stage(folder, f'look-backbone{name}-seed0-fold{fold}') / 'table.pkl').scores
                       for fold in range(2)], axis=0) for name in ('swin_v2_base', 'swin_v2_large', 'vit_large')]
    assert np.allclose(members['correlation'], np.corrcoef([s.ravel() for s in scores]), atol=1e-3)
    assert members['agreement'][0][1] == pytest.approx(np.mean(scores[0].argmax(1) == scores[1].argmax(1)), abs=1e-4)


def test_constant_scores_correlate_with_nothing():
    found = compare([np.ones((4, 3)), np.eye(4, 3)])
    assert found['correlation'][0] == [0., 0.]


def test_curves_are_thinned_to_means_of_stretches(report):
    points = np.stack([np.arange(1000.), np.sin(np.arange(1000.))], axis=1)
    x, y = thin(points, 100)
    assert len(x) == 100 and y[3] == pytest.approx(points[30:40, 1].mean(), abs=1e-4) and x[3] == round(34.5)
    assert thin(np.array([[1., np.nan], [2., 5.]])) == ([2.], [5.])
    assert [panel['key'] for panel in report['curves']] == ['loss', 'accuracy/top1']
    assert len(report['curves'][0]['runs']) == 6 and len({r['group'] for r in report['curves'][0]['runs']}) == 3


def test_stages_keep_keys_needs_and_versions(folder, report):
    train = next(s for s in report['stages'] if s['name'] == 'train')
    assert train['needs'] == ['split'] and len(train['instances']) == 6
    record = json.loads((stage(folder, train['instances'][0]['name']) / 'stage.json').read_text())
    assert train['instances'][0]['key'] == record['key'] and train['instances'][0]['seconds'] == record['seconds']
    assert dict(report['versions'])['torch'] == '2.11.0' and report['runs'][0]['command'].startswith('mmcomp run')


def test_a_failed_run_is_reported_with_the_end_of_its_log(tmp_path):
    broken = 'train-backboneswin_v2_large-seed0-fold1'
    folder = write_fake_run(tmp_path / 'run', models=2, folds=2, train=60, test=40, images=False, broken=(broken, ))
    report = gather(folder)
    failure, = report['failures']
    assert failure['name'] == broken and failure['lines'][-1] == 'RuntimeError: <b>no luck</b>'
    assert len(failure['lines']) == 12 and f'--only {broken}' in failure['command']
    assert {'together', 'submission', 'score'} <= set(failure['waiting'])
    assert row_of(report, 'swin_v2_large')['oof']['note'] == '1 of 2 folds'
    assert report['headline']['final'] is None and report['ladders'] == [] and report['counts'] == []
    page = write_report(folder).read_text(encoding='utf-8')
    assert '<b>no luck' not in page and '&lt;b&gt;no luck' in page


def test_a_run_that_was_cut_off_is_not_called_running(tmp_path):
    folder = write_fake_run(tmp_path, models=1, folds=2, train=40, test=20, images=False)
    path = stage(folder, 'together') / 'stage.json'
    path.write_text(json.dumps(dict(json.loads(path.read_text()), state='running')))
    assert Work(folder).items['together'].state == 'stopped'


def test_what_is_missing_or_broken_is_noted_and_the_rest_is_shown(tmp_path):
    folder = write_fake_run(tmp_path, models=2, folds=2, train=60, test=40, images=False)
    (stage(folder, 'together') / 'table.pkl').write_bytes(b'torn')
    (stage(folder, 'test') / 'truth.txt').unlink()
    (folder / 'ledger.db').write_bytes(b'no database' * 100)
    shutil.rmtree(stage(folder, 'train-backboneswin_v2_base-seed0-fold0') / 'log')
    report = gather(folder)
    assert any('table.pkl' in note for note in report['notes']) and report['runs'] == []
    assert any('ledger.db' in note for note in report['notes'])
    assert all(row['test'] is None for row in report['board']) and row_of(report, 'swin_v2_base')['oof']
    assert report['classes']['what'].startswith('held-back')
    assert write_report(folder, tmp_path / 'elsewhere.html').is_file()


def test_models_of_one_pass_stand_there_as_those_of_passes_of_their_own(folder, report, tmp_path):
    """The look of one model is merged into that of another, file and references; the report is the same."""
    shutil.copytree(folder, tmp_path / 'run')
    kept, gone = (f'look-backbone{name}-seed0-fold1' for name in ('swin_v2_base', 'vit_large'))
    plan = json.loads((tmp_path / 'run/plan.json').read_text())
    one, other = (next(said for said in plan['instances'] if said['name'] == name) for name in (kept, gone))
    shutil.move(tmp_path / 'run' / other['folder'] / 'table.pkl', tmp_path / 'run' / one['folder'] / 'vit.pkl')
    one['outputs']['vit'], one['settings']['also'] = ['table', 'vit.pkl'], dict(vit=other['settings']['model'])
    one['needs'].append(other['settings']['model'].removesuffix('.model')[1:])
    plan['instances'].remove(other)
    # In the order of a plan, behind all that it needs.
    last = max(place for place, said in enumerate(plan['instances']) if said['name'] in one['needs'])
    plan['instances'].remove(one)
    plan['instances'].insert(last, one)
    text = json.dumps(plan).replace(f'@{gone}.table', f'@{kept}.vit').replace(f'"{gone}"', f'"{kept}"')
    (tmp_path / 'run/plan.json').write_text(text)
    found = gather(tmp_path / 'run')
    assert {row['name']: row for row in found['board']} == {row['name']: row for row in report['board']}
    assert found['members'] == report['members']


def test_a_folder_without_a_plan_is_refused(tmp_path):
    with pytest.raises(DataError, match='no plan.json'):
        write_report(tmp_path)


def test_pictures_that_do_not_decode_are_left_out(tmp_path):
    (tmp_path / 'a.png').write_bytes(b'<svg onload="alert(1)">')
    assert thumbnail(tmp_path / 'a.png') is None
