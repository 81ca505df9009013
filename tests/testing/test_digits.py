import cv2
import numpy as np
import pytest

from mmcomp.annotations import read_list
from mmcomp.errors import ConfigError
from mmcomp.testing.digits import long_tail, write_digits


def test_the_competition_is_as_described(tmp_path):
    sizes = write_digits(tmp_path, noise=.2, imbalance=8, test_per_class=50)
    names, noisy = read_list(tmp_path / 'meta/train.txt', 10)
    same, clean = read_list(tmp_path / 'truth/train.txt', 10)
    test, truth = read_list(tmp_path / 'truth/test.txt', 10)
    assert names == same and sizes == {'train': len(names), 'val': 100, 'test': 500}
    assert list(np.bincount(truth)) == [50] * 10
    assert .15 < (noisy != clean).mean() < .25
    counts = np.bincount(clean)
    assert abs(counts[0] / counts[-1] - 8) < .5 and (np.diff(counts) < 0).all()
    assert sorted(p.name for p in (tmp_path / 'test').iterdir()) == sorted(test)
    seen = {cv2.imread(str(tmp_path / 'train' / n)).tobytes() for n in names}
    assert cv2.imread(str(tmp_path / 'test' / test[0])).shape == (32, 32, 3)
    assert not seen & {cv2.imread(str(tmp_path / 'test' / n)).tobytes() for n in test}


def test_the_seed_decides(tmp_path):
    for folder, seed in (('a', 1), ('b', 1), ('c', 2)):
        write_digits(tmp_path / folder, noise=.1, seed=seed)
    a, b, c = [(tmp_path / f / 'meta/train.txt').read_text() for f in 'abc']
    assert a == b != c
    assert list(long_tail(100, 4, 3)) == [100, 50, 25]
    with pytest.raises(ConfigError, match='test_per_class'):
        write_digits(tmp_path, test_per_class=100)
