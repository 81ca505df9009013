import numpy as np

from mmcomp.annotations import read_list, write_list


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
    assert '1 classes are not validated in every fold' in capsys.readouterr().err


def test_groups_do_not_straddle(tool, tmp_path):
    paths = [f'{i % 3}/v{i // 4}_{i}.jpg' for i in range(60)]
    write_list(tmp_path / 'train.txt', paths, [i % 3 for i in range(60)])
    tool('split_folds').main([str(tmp_path / 'train.txt'), '--folds', '3', '--group-regex', r'(v\d+)_',
                              '--out-dir', str(tmp_path / 'f')])
    groups = [{p.split('/')[1].split('_')[0] for p in read_list(tmp_path / 'f' / f'fold{i}' / 'val.txt')[0]}
              for i in range(3)]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 15
