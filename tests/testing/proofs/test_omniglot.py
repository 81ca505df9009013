import zipfile

import cv2
import numpy as np
import pytest

from mmcomp.annotations import read_list
from mmcomp.errors import DataError
from mmcomp.testing.proofs.omniglot import write_omniglot


@pytest.fixture(scope='module')
def archives(tmp_path_factory):
    """Two small archives in the form of the published ones: 4 alphabets of 6 characters, drawer d inks d rows."""
    folder, number = tmp_path_factory.mktemp('omniglot'), 0
    for name, alphabets in (('images_background', 'AB'), ('images_evaluation', 'CD')):
        with zipfile.ZipFile(folder / f'{name}.zip', 'w') as archive:
            for alphabet in alphabets:
                for character in range(1, 7):
                    number += 1
                    for drawer in range(1, 21):
                        image = np.full((105, 105), 255, np.uint8)
                        image[:5 * drawer] = 0
                        archive.writestr(f'{name}/{alphabet}/character{character:02d}/{number:04d}_{drawer:02d}.png',
                                         cv2.imencode('.png', image)[1].tobytes())
    return folder


def test_drawers_tail_and_noise(archives, tmp_path):
    sizes = write_omniglot(archives, tmp_path, classes=12, noise=.5, seed=1)
    assert sizes['val'] == 24 and sizes['test'] == 48
    paths, noisy = read_list(tmp_path / 'meta/train.txt')
    _, clean = read_list(tmp_path / 'truth/train.txt')
    counts = np.sort(np.bincount(clean))
    assert counts[0] == 3 and counts[-1] == 14 and counts.sum() == sizes['train']
    names = (tmp_path / 'meta/classes.txt').read_text().split()
    assert len(names) == 12 and .3 < (noisy != clean).mean() < .7
    assert all(names[a].split('/')[0] == names[b].split('/')[0] for a, b in zip(noisy, clean))
    assert max(int(p[5:7]) for p in paths) <= 14
    test, labels = read_list(tmp_path / 'truth/test.txt')
    assert np.bincount(labels).tolist() == [4] * 12
    ink = [cv2.imread(str(tmp_path / 'test' / p), 0).mean() / 255 for p in test]
    assert min(ink) > .78, 'drawers 17 to 20, ink is bright'


def test_a_missing_archive_is_named(tmp_path):
    with pytest.raises(DataError, match='images_background.zip: no such archive'):
        write_omniglot(tmp_path, tmp_path / 'out')
