import csv

import numpy as np
import pytest

from mmcomp.annotations import read_list, write_list
from mmcomp.errors import ConfigError, DataError


def test_every_row_is_validated_once_and_trained_elsewhere(tool, tmp_path, capsys):
    paths = [f'{i % 7}/v{i // 2}_{i}.jpg' for i in range(61)] + ['only/one.jpg']
    labels = np.array([i % 7 for i in range(61)] + [9])
    write_list(tmp_path / 'train.txt', paths, labels)
    tool('split_folds').main([str(tmp_path / 'train.txt'), '--folds', '4', '--out-dir', str(tmp_path / 'f')])
    validated = []
    for i in range(4):
        train, val = (dict(zip(*read_list(tmp_path / 'f' / f'fold{i}' / f'{part}.txt'), strict=True))
                      for part in ('train', 'val'))
        assert {**train, **val} == dict(zip(paths, labels, strict=True)) and not set(train) & set(val)
        validated += val
    assert sorted(validated) == sorted(paths)
    rows = (tmp_path / 'f' / 'folds.csv').read_text().splitlines()
    assert rows[0] == 'path,label,fold' and len(rows) == 63
    tool('split_folds').main([str(tmp_path / 'train.txt'), '--folds', '4', '--not-stratified',
                              '--out-dir', str(tmp_path / 'g')])
    sizes = [[np.bincount(read_list(tmp_path / way / f'fold{i}' / 'val.txt')[1], minlength=10)[:7] for i in range(4)]
             for way in 'fg']
    assert np.ptp(sizes[0], axis=0).max() == 1 < np.ptp(sizes[1], axis=0).max()
    assert '1 classes are not validated in every fold' in capsys.readouterr().err


def test_groups_do_not_straddle(tool, tmp_path):
    paths = [f'{i % 3}/v{i // 4}_{i}.jpg' for i in range(60)]
    write_list(tmp_path / 'train.txt', paths, [i % 3 for i in range(60)])
    tool('split_folds').main([str(tmp_path / 'train.txt'), '--folds', '3', '--group-regex', r'(v\d+)_',
                              '--out-dir', str(tmp_path / 'f')])
    groups = [{p.split('/')[1].split('_')[0] for p in read_list(tmp_path / 'f' / f'fold{i}' / 'val.txt')[0]}
              for i in range(3)]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 15


def test_one_text_under_several_ids_does_not_straddle(tool, tmp_path):
    rows = [(f'c{i}', f'{"Some" if i % 2 else "some"}  comment\n{i // 3}', f'{(i % 5) / 4}') for i in range(60)]
    with open(tmp_path / 'train.csv', 'w', newline='') as file:
        csv.writer(file).writerows([('id', 'comment', 'target'), *rows])
    tool('split_folds').main([str(tmp_path / 'train.csv'), '--id-col', 'id', '--label-col', 'target', '--threshold',
                              '0.5', '--folds', '3', '--group-by-text', 'comment', '--out-dir', str(tmp_path / 'f')])
    found = [read_list(tmp_path / 'f' / f'fold{i}' / 'val.txt') for i in range(3)]
    assert {name: label for names, labels in found for name, label in zip(names, labels)} == {
        name: float(target) >= .5 for name, _, target in rows}
    groups = [{int(name[1:]) // 3 for name in names} for names, _ in found]
    assert sum(map(len, groups)) == 20 == len(set.union(*groups))
    assert {len(labels) for _, labels in found} <= {18, 21} and all(9 <= sum(labels) <= 15 for _, labels in found)


def test_class_names_and_columns_of_groups(tool, tmp_path):
    (tmp_path / 'x.csv').write_text('kind,who\n' + ''.join(f'{"ab"[i % 2]},{i // 2}\n' for i in range(8)))
    args = [str(tmp_path / 'x.csv'), '--folds', '2', '--group-col', 'who', '--out-dir', str(tmp_path / 'f')]
    with pytest.raises(ConfigError, match='--label-col'):
        tool('split_folds').main(args)
    tool('split_folds').main([*args, '--label-col', 'kind'])
    names, labels = read_list(tmp_path / 'f' / 'fold0' / 'val.txt')
    assert len(names) == 4 and labels.tolist() == [int(name) % 2 for name in names]
    (tmp_path / 'x.csv').write_text('kind,who\na,1\n,2\n')
    with pytest.raises(DataError, match='rows 1'):
        tool('split_folds').main([*args, '--label-col', 'kind'])
