import numpy as np
import pytest

from mmcomp.errors import ConfigError
from mmcomp.predictions.counts.count_chart import classes_by_count
from mmcomp.predictions.counts.redistribution import greedy_labels
from mmcomp.predictions.ensembles.ensembling import write_score_dict
from mmcomp.predictions.labels.label_files import read_labels, write_labels
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable
from mmcomp.testing.proofs.leaning_predictions import class_counts, leaning_predictions


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    scores = rng.dirichlet(np.linspace(.2, 1, 10), 200).astype(np.float32)
    return PredictionTable([f'{i}.jpg' for i in range(200)], scores, classes=tuple(f'{c:04d}' for c in range(10)))


def test_published_command_writes_labels_and_chart(tool, table, tmp_path, capsys):
    write_table(table, tmp_path / 't.pkl')
    tool('redistribute_labels').main([str(tmp_path / 't.pkl'), '--K', '16', '--out', str(tmp_path / 'pred.csv'),
                                      '--plot', str(tmp_path / 'counts.png')])
    ids, names = read_labels(tmp_path / 'pred.csv')
    assert (ids == table.ids).all() and names.astype(int).tolist() == greedy_labels(table.scores, 16).tolist()
    assert (tmp_path / 'counts.png').read_bytes()[:4] == b'\x89PNG'
    assert 'have a new label' in capsys.readouterr().out


@pytest.mark.parametrize('method', ['sinkhorn', 'balanced'])
def test_other_methods_on_the_old_dict(tool, table, tmp_path, method):
    write_score_dict(table, tmp_path / 'd.pkl')
    tool('redistribute_labels').main([str(tmp_path / 'd.pkl'), '--method', method, '--counts', '18:22',
                                      '--out', str(tmp_path / 'pred.csv')])
    counts = np.unique(read_labels(tmp_path / 'pred.csv')[1], return_counts=True)[1]
    assert len(counts) == 10 and (method == 'sinkhorn' or (counts.min() >= 18 and counts.max() <= 22))


def test_faults(tool, table, tmp_path, capsys):
    write_table(table, tmp_path / 't.pkl')
    main = tool('redistribute_labels').main
    with pytest.raises(ConfigError, match='from 1 to 20'):
        main([str(tmp_path / 't.pkl'), '--K', '21', '--out', str(tmp_path / 'x.csv')])
    for wrong in (['--method', 'greedy'], ['--K', '3', '--method', 'balanced'], ['--K', '3', '--counts', '1:2'],
                  ['--method', 'balanced', '--counts', '5']):
        with pytest.raises(SystemExit):
            main([str(tmp_path / 't.pkl'), *wrong])
    main([str(tmp_path / 't.pkl'), '--K', '20', '--out', str(tmp_path / 'x.csv')])
    assert 'a little less' in capsys.readouterr().err


def run(tool, table, tmp_path, capsys, *options):
    write_table(table, tmp_path / 't.pkl')
    tool('redistribute_labels').main([str(tmp_path / 't.pkl'), '--out', str(tmp_path / 'pred.csv'), *map(str, options)])
    return read_labels(tmp_path / 'pred.csv')[1], capsys.readouterr().out


def counts_of(names):
    return np.bincount(names.astype(int), minlength=10)


def test_assignment_tells_its_certificate(tool, table, tmp_path, capsys):
    names, out = run(tool, table, tmp_path, capsys, '--method', 'assignment')
    assert (counts_of(names) == 20).all() and 'gap 0,' in out and 'gained most: ' in out and 'of top scores' in out


def test_prior_and_bounds_from_files(tool, table, tmp_path, capsys):
    wanted = np.array([5, 5, 10, 10, 20, 20, 30, 30, 35, 35])
    (tmp_path / 'prior.csv').write_text(''.join(f'{c:04d},{n}\n' for c, n in enumerate(wanted)))
    names, _ = run(tool, table, tmp_path, capsys, '--method', 'assignment', '--prior', tmp_path / 'prior.csv')
    assert (counts_of(names) == wanted).all()
    soft, _ = run(tool, table, tmp_path, capsys, '--prior', tmp_path / 'prior.csv')
    assert abs(counts_of(soft) - wanted).sum() < abs(counts_of(soft) - 20).sum()
    (tmp_path / 'bounds.csv').write_text(''.join(f'{c:04d},{n - 2},{n + 2}\n' for c, n in enumerate(wanted)))
    names, _ = run(tool, table, tmp_path, capsys, '--bounds', tmp_path / 'bounds.csv')
    assert abs(counts_of(names) - wanted).max() == 2
    with pytest.raises(ConfigError, match='In sum the classes must have 300 to 300'):
        run(tool, table, tmp_path, capsys, '--bounds', '30:30')


def test_labelled_predictions_choose_and_mend(tool, tmp_path, capsys):
    rng = np.random.default_rng(0)
    both, truth = leaning_predictions(class_counts('even', 10, 80, rng), rng, 1., 3.)
    labelled, test = both.take(np.arange(400)), both.take(np.arange(400, 800))
    write_table(labelled, tmp_path / 'oof.pkl')
    write_labels(tmp_path / 'truth.csv', labelled.ids, truth[:400].astype(str))
    plain = (test.labels() == truth[400:]).mean()
    for options in (['--tune', tmp_path / 'oof.pkl'], ['--method', 'prior', '--labelled', tmp_path / 'oof.pkl'],
                    ['--method', 'prior', '--labelled', tmp_path / 'oof.pkl', '--estimate', 'confusion']):
        names, out = run(tool, test, tmp_path, capsys, *options, '--truth', tmp_path / 'truth.csv')
        assert (names.astype(int) == truth[400:]).mean() > plain + .02, options
        assert ('nested validation: +' in out) == ('--tune' in options)


@pytest.mark.parametrize('wrong', [
    '--method assignment --strength .5', '--method prior --bounds 1:2', '--method greedy --K 3 --prior uniform',
    '--prior nothing.csv', '--bounds 3', '--truth x.csv', '--labelled x.pkl --truth x.csv', '--tune x.pkl',
    '--tune x.pkl --truth x.csv --K 3', '--trained-on uniform', '--bounds 1:2 --prior uniform', '--strength much'])
def test_options_that_do_not_go_together(tool, wrong):
    with pytest.raises(SystemExit):
        tool('redistribute_labels').parse_args(['t.pkl', *wrong.split()])


def test_classes_by_count():
    assert classes_by_count(np.array([0, 0, 2, 3, 3, 5]), 7).tolist() == [3, 2, 2]
