import json

import numpy as np
import pytest

from mmcomp.annotations import write_list
from mmcomp.errors import ConfigError, TableError
from mmcomp.predictions.labels.label_files import write_labels
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable

NAMES = tuple('abcde')


@pytest.fixture
def folder(tmp_path):
    """Tables of a good, a fair and a useless member, each in its own order, one in its own order of classes."""
    rng = np.random.default_rng(0)
    truth, ids = rng.integers(0, 5, 240), np.array([f'train/{i}.jpg' for i in range(240)])
    for name, skill in (('good', 3.), ('fair', 1.), ('useless', 0.)):
        scores = np.exp(skill * np.eye(5)[truth] + rng.normal(size=(240, 5)))
        scores, order = (scores / scores.sum(1, keepdims=True)).astype(np.float32), rng.permutation(240)
        columns = np.array([3, 1, 4, 0, 2]) if name == 'fair' else np.arange(5)
        write_table(PredictionTable(ids[order], scores[order][:, columns], classes=[NAMES[c] for c in columns]),
                    tmp_path / f'{name}.pkl')
    write_list(tmp_path / 'train.txt', ids, truth)
    write_labels(tmp_path / 'truth.csv', ids, np.array(NAMES)[truth])
    return tmp_path


def files(folder, *names):
    return [str(folder / f'{name}.pkl') for name in names]


def rewrite(folder, name, change):
    from mmcomp.predictions.tables import read_table
    table = read_table(folder / f'{name}.pkl')
    write_table(change(table), folder / f'{name}.pkl')


def test_weights_are_written(tool, folder, capsys):
    members = files(folder, 'good', 'fair', 'useless')
    found = {}
    for truth in ('train.txt', 'truth.csv'):
        tool('search_weights').main([*members, '--truth', str(folder / truth), '--metric', 'log_loss', '--out',
                                     str(folder / 'w.json'), '--plot', str(folder / 'm.png')])
        found[truth] = json.loads((folder / 'w.json').read_text())
    found = found['train.txt'] | {'same': found['train.txt'] == found['truth.csv']}
    assert found['same'], 'a list and a CSV say the same'
    assert found['members'] == ['good', 'fair', 'useless'] and found['files'] == members
    assert sum(found['weights']) == pytest.approx(1) and found['weights'][0] > .6 and found['search'] == 'simplex'
    assert found['score'] < found['uniform'] and found['metric'] == 'log_loss' and not found['refused']
    low, high = found['nested']['interval']
    assert 0 < low < found['nested']['gain'] < high and found['nested']['folds'] == 5
    assert (folder / 'm.png').read_bytes()[:4] == b'\x89PNG'
    out = capsys.readouterr().out
    assert 'the found weights are written' in out and 'useless' in out


def test_noise_is_refused_in_words_and_force_is_force(tool, folder, capsys):
    rng = np.random.default_rng(3)
    for name in ('one', 'other'):
        scores = rng.dirichlet(np.ones(5), 240).astype(np.float32)
        write_table(PredictionTable([f'train/{i}.jpg' for i in range(240)], scores), folder / f'{name}.pkl')
    arguments = [*files(folder, 'one', 'other'), '--truth', str(folder / 'train.txt'), '--search', 'caruana', '--out',
                 str(folder / 'w.json')]
    tool('search_weights').main(arguments)
    out, found = capsys.readouterr().out, json.loads((folder / 'w.json').read_text())
    assert 'points: inside the noise, equal weights are written; --force keeps the found ones' in out
    assert found['weights'] == [.5, .5] and found['refused'] and found['score'] == found['uniform']
    tool('search_weights').main([*arguments, '--force'])
    forced = json.loads((folder / 'w.json').read_text())
    assert 'as --force asks' in capsys.readouterr().out and forced['weights'] == forced['found'] == found['found']


def test_pruning_and_groups(tool, folder, capsys):
    arguments = [*files(folder, 'good', 'fair', 'useless'), '--truth', str(folder / 'train.txt'),
                 '--metric', 'log_loss', '--out', str(folder / 'w.json'), '--prune',
                 '--group-regex', r'(\d)\.jpg$', '--folds', '3']
    tool('search_weights').main(arguments)
    found = json.loads((folder / 'w.json').read_text())
    assert found['members'] == ['good', 'fair'] and [f[-11:] for f in found['pruned']] == ['useless.pkl']
    assert 'pruned 1 of 3 members' in capsys.readouterr().out
    (folder / 'groups.txt').write_text(''.join(f'train/{i}.jpg {i % 10}\n' for i in range(240)))
    tool('search_weights').main([*arguments[:-4], '--groups', str(folder / 'groups.txt'), '--folds', '3'])
    assert json.loads((folder / 'w.json').read_text()) == found, 'the same groups, told otherwise'


def test_equal_members_are_told(tool, folder, capsys):
    (folder / 'copy.pkl').write_bytes((folder / 'good.pkl').read_bytes())
    tool('search_weights').main([*files(folder, 'good', 'copy'), '--truth', str(folder / 'train.txt'), '--out',
                                 str(folder / 'w.json')])
    assert 'all members are equal' in capsys.readouterr().out
    assert json.loads((folder / 'w.json').read_text())['weights'] == [.5, .5]


def test_parts_in_common(tool, folder):
    rewrite(folder, 'fair', lambda t: t.take(np.sort(np.argsort(t.ids)[:200])))
    arguments = [*files(folder, 'good', 'fair'), '--truth', str(folder / 'train.txt'), '--out', str(folder / 'w.json')]
    with pytest.raises(TableError, match='fair.pkl: it lacks 40 of the 240 samples .*--partial'):
        tool('search_weights').main(arguments)
    tool('search_weights').main([*arguments, '--partial'])
    assert json.loads((folder / 'w.json').read_text())['samples'] == 200


def faulty(folder, kind):
    """Spoil something; the words of the error that names it."""
    if kind == 'truth lacks samples':
        lines = (folder / 'train.txt').read_text().splitlines()
        (folder / 'train.txt').write_text('\n'.join(line for line in lines if line.split()[0] != 'train/7.jpg'))
        return r'train.txt: it lacks 1 of the 240 samples of .*good.pkl: train/7\.jpg'
    if kind == 'class of the truth':
        (folder / 'train.txt').write_text((folder / 'train.txt').read_text() + 'train/x.jpg 9\n')
        return 'must be below 5.* 9 of train/x.jpg'
    if kind == 'classes':
        rewrite(folder, 'fair', lambda t: PredictionTable(t.ids, t.scores, t.kind, tuple('abxde')))
        return 'fair.pkl: its classes differ from those of .*good.pkl; it lacks c'
    if kind == 'columns':
        rewrite(folder, 'fair', lambda t: PredictionTable(t.ids, t.scores[:, :4], 'value'))
        return 'fair.pkl: `scores` must be 5 columns'
    if kind == 'NaN':
        def spoil(table):
            table.scores[[3, 5], 1] = np.nan
            return table
        rewrite(folder, 'fair', spoil)
        return r'fair.pkl: `scores` must be finite; got .2 bad rows: train/\d+\.jpg, train/\d+\.jpg'
    if kind == 'logits':
        rewrite(folder, 'fair', lambda t: PredictionTable(t.ids, np.log(t.scores), 'logit', t.classes))
        return 'fair.pkl: `kind` must be `probability` like that of .*good.pkl; got .logit.* take the softmax'
    rewrite(folder, 'good', lambda t: PredictionTable(t.ids, t.scores * 2, 'probability', t.classes))
    return 'good.pkl: `scores` must be a probability row'


@pytest.mark.parametrize('kind', ['truth lacks samples', 'class of the truth', 'classes', 'columns', 'NaN', 'logits',
                                  'sums'])
def test_bad_tables_are_named(tool, folder, kind):
    words = faulty(folder, kind)
    with pytest.raises(TableError, match=words):
        tool('search_weights').main([*files(folder, 'good', 'fair'), '--truth', str(folder / 'train.txt'), '--out',
                                     str(folder / 'w.json')])
    assert not (folder / 'w.json').exists()


def test_other_faults(tool, folder):
    main, two = tool('search_weights').main, [*files(folder, 'good', 'fair'), '--truth', str(folder / 'train.txt')]
    with pytest.raises(TableError, match='`members` must be two or more; got 1'):
        main([*files(folder, 'good'), '--truth', str(folder / 'train.txt')])
    with pytest.raises(ConfigError, match='Did you mean `accuracy`'):
        main([*two, '--metric', 'acuracy'])
    with pytest.raises(TableError, match='roc_auc; got 5. Take a metric for more classes'):
        main([*two, '--metric', 'roc_auc'])
    with pytest.raises(ConfigError, match='from 2 to 240, the number of samples; got 999'):
        main([*two, '--folds', '999'])
    (folder / 'truth.csv').write_text('train/1.jpg,bee\n')
    with pytest.raises(TableError, match='truth.csv: 1 classes are none of those of .*good.pkl: bee'):
        main([*two[:2], '--truth', str(folder / 'truth.csv')])
    for wrong in (['--bags', '-1'], ['--steps', '0'], ['--search', 'best'], ['--groups', 'x', '--group-regex', 'y']):
        with pytest.raises(SystemExit):
            main([*two, *wrong])
