import cv2
import numpy as np
import pytest

from mmcomp.annotations import read_list, write_list


def test_copies_stay_on_one_side_of_a_split(tool, tmp_path, capsys):
    for seed in range(6):
        image = cv2.resize(np.random.default_rng(seed).integers(0, 256, (9, 9), dtype=np.uint8), (90, 90))
        cv2.imwrite(str(tmp_path / f'{seed}.png'), image)
        cv2.imwrite(str(tmp_path / f'{seed}-small.jpg'), cv2.resize(image, (50, 50), interpolation=cv2.INTER_AREA))
    names = [f'{seed}{ending}' for ending in ('.png', '-small.jpg') for seed in range(6)]
    write_list(tmp_path / 'all.txt', names, [0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1])
    tool('find_duplicates').main([str(tmp_path / 'all.txt'), '--image-root', str(tmp_path), '--out',
                                  str(tmp_path / 'groups.txt'), '--pairs', str(tmp_path / 'pairs.csv')])
    assert read_list(tmp_path / 'groups.txt') == (names, pytest.approx(np.tile(np.arange(6), 2)))
    assert len((tmp_path / 'pairs.csv').read_text().splitlines()) == 6
    said = capsys.readouterr().out
    assert '12 images, 6 groups of 12 that look alike' in said and '1 of these groups have more than one class' in said
    tool('split_folds').main([str(tmp_path / 'all.txt'), '--groups', str(tmp_path / 'groups.txt'), '--folds', '3',
                              '--out-dir', str(tmp_path / 'folds')])
    held = {name[0] for name in read_list(tmp_path / 'folds/fold0/val.txt')[0]}
    assert not held & {name[0] for name in read_list(tmp_path / 'folds/fold0/train.txt')[0]}
    (tmp_path / 'paths.txt').write_text('\n'.join(names[:3]))
    tool('find_duplicates').main([str(tmp_path / 'paths.txt'), '--image-root', str(tmp_path), '--out',
                                  str(tmp_path / 'groups.txt')])
    with pytest.raises(SystemExit):
        tool('find_duplicates').parse_args(['x', '--distance', '40'])
