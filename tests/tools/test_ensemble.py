import json

import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.labels.label_files import read_labels
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in ('a-7510', 'b-7400', 'c-7620'):
        scores = rng.dirichlet(np.ones(12), 30).astype(np.float32)
        table = PredictionTable([f'{i}.jpg' for i in range(30)], scores, classes=tuple(f'{c:04d}' for c in range(12)))
        write_table(table, tmp_path / 'pkls' / f'{name}.pkl')
    return tmp_path


def test_published_flags(tool, folder, capsys):
    tool('ensemble').main(['--pkls-dir', str(folder / 'pkls'), '--factor', '25', '--scale',
                           '--dump', str(folder / 'list.pkl'), '--dump-all', str(folder / 'dict.pkl'),
                           '--out', str(folder / 'pred_results.csv')])
    factors = (np.array([7510, 7400, 7620]) / 7400) ** 25 / 3
    expected = sum(f * read_table(folder / 'pkls' / n).scores.astype(np.float64)
                   for f, n in zip(factors, ['a-7510.pkl', 'b-7400.pkl', 'c-7620.pkl'], strict=True))
    np.testing.assert_allclose(read_table(folder / 'list.pkl').scores, expected, rtol=1e-5)
    np.testing.assert_allclose(read_table(folder / 'dict.pkl').scores, expected, rtol=1e-5)
    first, *rest = (folder / 'pred_results.csv').read_text().splitlines()
    assert first == f'0.jpg,{expected[0].argmax():04d}' and len(rest) == 29
    out = capsys.readouterr().out
    assert 'file name' in out and '2.080086' in out


def test_table_out_and_members_left_out(tool, folder):
    tool('ensemble').main(['--pkls-dir', str(folder / 'pkls'), '--nopkls', 'b-7400.pkl', '--weights', '.25', '.75',
                           '--out', str(folder / 'e.pkl')])
    table = read_table(folder / 'e.pkl')
    assert table.kind == 'probability' and table.origin['weights'] == [.25, .75]
    assert [m[-10:] for m in table.origin['members']] == ['a-7510.pkl', 'c-7620.pkl']
    tool('ensemble').main(['--pkls', str(folder / 'pkls' / 'a-7510.pkl'), '--out', str(folder / 'x.csv')])
    ids, names = read_labels(folder / 'x.csv')
    assert len(ids) == 30 and all(len(n) == 4 for n in names)


def test_faults(tool, folder, capsys):
    main, pkls = tool('ensemble').main, str(folder / 'pkls')
    with pytest.raises(TableError, match='a-7500.*Did you mean.*a-7510'):
        main(['--pkls-dir', pkls, '--nopkls', f'{pkls}/a-7500.pkl'])
    with pytest.raises(TableError, match='added twice'):
        main(['--pkls', f'{pkls}/../pkls/a-7510.pkl', '--pkls-dir', pkls])
    with pytest.raises(TableError, match='no members'):
        main(['--out', str(folder / 'x.csv')])
    for wrong in (['--weights', '1', '--scale'], ['--accuracies', '1'], ['--out', 'x.txt']):
        with pytest.raises(SystemExit):
            main(['--pkls-dir', pkls, *wrong])
    assert '--weights are final' in capsys.readouterr().err


def test_mapped_members_weights_of_a_file_and_methods(tool, folder, capsys):
    main, pkls = tool('ensemble').main, folder / 'pkls'
    expected = read_table(pkls / 'c-7620.pkl').scores * .75 + read_table(pkls / 'a-7510.pkl').scores * .25
    write_table(read_table(pkls / 'c-7620.pkl'), pkls / 'c-7620.table')
    with pytest.raises(TableError, match='one member in two forms'):
        main(['--pkls-dir', str(pkls), '--out', str(folder / 'e.table')])
    found = dict(members=['c-7620', 'a-7510'], weights=[.75, .25], metric='accuracy')
    (folder / 'w.json').write_text(json.dumps(found))
    main(['--pkls-dir', str(pkls), '--nopkls', 'c-7620.pkl', 'b-7400.pkl', '--weights', str(folder / 'w.json'),
          '--out', str(folder / 'e.table')])
    table = read_table(folder / 'e.table')
    np.testing.assert_allclose(table.scores, expected, rtol=1e-6)
    assert table.kind == 'probability' and '0.750000' in capsys.readouterr().out
    main(['--pkls-dir', str(pkls), '--nopkls', 'c-7620.pkl', '--method', 'geometric', '--temperature', '2',
          '--out', str(folder / 'g.npz')])
    assert read_table(folder / 'g.npz').check().origin['method'] == 'geometric'


def test_partial_coverage_is_asked_for(tool, folder):
    main, pkls = tool('ensemble').main, folder / 'pkls'
    write_table(read_table(pkls / 'b-7400.pkl').take(np.arange(5, 30)), pkls / 'b-7400.pkl')
    with pytest.raises(TableError, match='5 of 30 ids are not in it: 0.jpg'):
        main(['--pkls-dir', str(pkls), '--out', str(folder / 'e.pkl')])
    main(['--pkls-dir', str(pkls), '--partial', 'mean', '--out', str(folder / 'e.pkl')])
    table = read_table(folder / 'e.pkl').check()
    both = [read_table(pkls / n).scores[0] for n in ('a-7510.pkl', 'c-7620.pkl')]
    np.testing.assert_allclose(table.scores[0], np.mean(both, axis=0), rtol=1e-5)
