import numpy as np
import pytest

from mmcomp.annotations import read_list, write_list
from mmcomp.errors import DataError
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable


@pytest.fixture
def folder(tmp_path):
    """Thirty rows of three classes, the last of each labelled one too high; two folds."""
    truth = np.arange(30) % 3
    given = np.where(np.arange(30) >= 27, (truth + 1) % 3, truth)
    scores = (np.eye(3)[truth] * .85 + .05).astype(np.float32)
    paths = [f'{t}/{i}.jpg' for i, t in enumerate(truth)]
    write_list(tmp_path / 'all.txt', paths, given)
    for fold in range(2):
        write_table(PredictionTable(paths[fold::2], scores[fold::2]), tmp_path / f'{fold}.pkl')
    return tmp_path


def test_patch_is_made_edited_and_applied(tool, folder, capsys):
    main = tool('clean_labels').main
    tables = [str(folder / '0.pkl'), str(folder / '1.pkl')]
    main([*tables, '--ann', str(folder / 'all.txt'), '--out', str(folder / 'patch.csv'),
          '--apply-to', str(folder / 'all.txt'), '--out-list', str(folder / 'clean.txt')])
    assert read_list(folder / 'clean.txt')[0] == read_list(folder / 'all.txt')[0][:27]
    assert '3 of 30' in capsys.readouterr().out
    patch = (folder / 'patch.csv').read_text()
    (folder / 'patch.csv').write_text(patch.replace('drop', 'relabel', 1).replace('drop', 'keep', 1))
    main(['--patch', str(folder / 'patch.csv'), '--apply-to', str(folder / 'all.txt'),
          '--out-list', str(folder / 'again.txt')])
    paths, labels = read_list(folder / 'again.txt')
    assert len(paths) == 29 and (labels != np.arange(30)[:29] % 3).sum() == 1
    assert len(read_list(folder / 'all.txt')[0]) == 30


def test_missing_predictions(tool, folder):
    main, half = tool('clean_labels').main, [str(folder / '0.pkl'), '--ann', str(folder / 'all.txt')]
    with pytest.raises(DataError, match='15 of 30 rows have no prediction: 1/1.jpg'):
        main([*half, '--out', str(folder / 'p.csv')])
    main([*half, '--out', str(folder / 'p.csv'), '--allow-missing', '--action', 'relabel'])
    assert (folder / 'p.csv').read_text().count('relabel') == 1


def test_arguments_that_make_no_sense(tool):
    for wrong in ([], ['a.pkl'], ['a.pkl', '--patch', 'b.csv'], ['--patch', 'b.csv'],
                  ['a.pkl', '--ann', 'x', '--apply-to', 'y']):
        with pytest.raises(SystemExit):
            tool('clean_labels').main(wrong)
