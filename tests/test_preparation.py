import cv2
import numpy as np
import pytest

from mmcomp.annotations import read_list
from mmcomp.errors import DataError
from mmcomp.preparation import prepare_lists, stratified_holdout


@pytest.fixture()
def folders(tmp_path):
    rng = np.random.default_rng(0)
    for name in [f'train/{c}/{i}.png' for c, n in (('cat', 6), ('dog', 3), ('eel', 1)) for i in range(n)] + [
            'testa/1.png', 'testa/2.jpg', 'train/loose.png']:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), rng.integers(0, 255, (8, 8, 3), np.uint8))
    return tmp_path


def test_lists_split_all_usable_images(folders):
    (folders / 'train/dog/2.png').write_bytes(b'')
    (folders / 'testa/2.jpg').write_bytes(b'\xff\xd8\xff\xe0 torn')
    result = prepare_lists(folders, unlabelled=['testa'], val_per_class=2)
    (everything, labels), (train, _), (val, val_labels) = [read_list(folders / f'meta/{n}.txt', 3)
                                                           for n in ('all', 'train', 'val')]
    assert result.classes == ['cat', 'dog', 'eel'] == (folders / 'meta/classes.txt').read_text().split()
    assert list(np.bincount(labels)) == [6, 2, 1] and list(np.bincount(val_labels, minlength=3)) == [2, 1, 0]
    assert sorted(train + val) == everything and not set(train) & set(val)
    assert all(result.classes[label] == name.split('/')[0] for name, label in zip(everything, labels))
    assert read_list(folders / 'meta/mae.txt', with_label=False)[0] == [
        *(f'train/{name}' for name in everything), 'testa/1.png']
    assert {k: v.split(' (')[0] for k, v in result.bad.items()} == {
        'train/dog/2.png': 'empty file', 'testa/2.jpg': 'does not decode'}
    assert (folders / 'meta/bad.txt').read_text().count('\n') == 2


def test_a_holdout_never_takes_more_than_half_a_class():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(4), [20, 5, 1, 2]))
    mask = stratified_holdout(labels, 3, seed=1)
    assert list(np.bincount(labels[mask], minlength=4)) == [3, 2, 0, 1]
    assert (mask == stratified_holdout(labels, 3, seed=1)).all() and (mask != stratified_holdout(labels, 3, 2)).any()


def test_wrong_folders_are_named(folders):
    for arguments, said in [(dict(train='none'), 'existing folder'), (dict(classes=['cat', 'dog']), "got 'eel'"),
                            (dict(unlabelled=['testx']), 'testx')]:
        with pytest.raises(DataError, match=said):
            prepare_lists(folders, **arguments)
