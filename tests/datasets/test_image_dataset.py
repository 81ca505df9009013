import cv2
import numpy as np
import pytest
from mmpretrain.datasets import CustomDataset
from torch.utils.data import DataLoader

from mmcomp.apis import build
from mmcomp.datasets import sample_ids
from mmcomp.errors import ConfigError, DataError
from mmcomp.registry import DATASETS

PIPELINE = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


@pytest.fixture()
def images(tmp_path):
    rng = np.random.default_rng(0)
    for name in ('train/a/1.jpg', 'train/a/2 x.png', 'train/b/1.jpg', 'testb/7.jpg'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), rng.integers(0, 255, (9, 11, 3), np.uint8))
    (tmp_path / 'list.txt').write_text('a/1.jpg 0\na/2 x.png 2\nb/1.jpg 1\ntestb/7.jpg 1\n')
    return tmp_path


def listed(images, **changes):
    return build(dict(dict(type='ImageListDataset', data_root=str(images), ann_file='list.txt', image_root='train',
                           image_roots=dict(testb='testb'), pipeline=PIPELINE), **changes), DATASETS)


def test_a_list_finds_its_images_in_several_roots(images):
    data = listed(images)
    assert sample_ids(data) == ['a/1.jpg', 'a/2 x.png', 'b/1.jpg', 'testb/7.jpg']
    assert list(data.get_gt_labels()) == [0, 2, 1, 1]
    for i, path in enumerate(('train/a/1.jpg', 'train/a/2 x.png', 'train/b/1.jpg', 'testb/7.jpg')):
        assert np.array_equal(data[i]['inputs'].permute(1, 2, 0).numpy(), cv2.imread(str(images / path)))
        assert data[i]['data_samples'].gt_label.item() == data.get_gt_labels()[i]


def test_folders_give_classes_or_only_ids(images):
    folder = dict(type='ImageFolderDataset', data_root=str(images), image_root='train', pipeline=PIPELINE)
    data = build(folder, DATASETS)
    assert sample_ids(data) == ['a/1.jpg', 'a/2 x.png', 'b/1.jpg'] and list(data.get_gt_labels()) == [0, 0, 1]
    assert data.metainfo['classes'] == ('a', 'b')
    assert list(build(dict(folder, classes=['b', 'a']), DATASETS).get_gt_labels()) == [1, 1, 0]
    assert 'gt_label' not in build(dict(folder, with_label=False), DATASETS).get_data_info(0)
    with pytest.raises(DataError, match=r"one of the 1 classes; got 'b'"):
        build(dict(folder, classes=['a']), DATASETS)
    with pytest.raises(DataError, match='existing folder'):
        build(dict(folder, image_root='none'), DATASETS)


def test_foreign_data_sets_have_ids_too(images):
    data = CustomDataset(data_prefix=str(images / 'train'), pipeline=[])
    assert sample_ids(data) == ['a/1.jpg', 'a/2 x.png', 'b/1.jpg']


def damage(images):
    whole = (images / 'train/b/1.jpg').read_bytes()
    (images / 'train/b/1.jpg').write_bytes(whole[:len(whole) // 2])
    (images / 'train/a/1.jpg').unlink()
    (images / 'testb/7.jpg').write_text('<html>404</html>')


def test_bad_images_are_named_before_training_or_left_out(images):
    damage(images)
    with pytest.raises(DataError, match='3 of 4 images.*a/1.jpg: no such file.*b/1.jpg: does not decode.*7.jpg: does'):
        listed(images)
    data = listed(images, on_bad_image='skip')
    assert sample_ids(data) == ['a/2 x.png'] and data.skipped == ['a/1.jpg', 'b/1.jpg', 'testb/7.jpg']
    trusting = listed(images, check='off')
    with pytest.raises(DataError, match='b/1.jpg: the pipeline failed on this image'):
        trusting[2]
    with pytest.raises(DataError, match='1.jpg: the pipeline failed'):
        list(DataLoader(trusting, num_workers=1, collate_fn=list))


def test_a_flaw_in_the_middle_is_found_by_decoding(images):
    path = images / 'train/b/1.jpg'
    content = bytearray(path.read_bytes())
    content[len(content) // 3:-2] = b''
    path.write_bytes(content)
    listed(images)
    with pytest.raises(DataError, match='1 of 4 images.*b/1.jpg: does not decode'):
        listed(images, check='decode')


def test_wrong_lists_and_arguments_are_named(images):
    with pytest.raises(DataError, match=r"list.txt:2: `label` must be a class index in 0…1; got '2'"):
        listed(images, num_classes=2)
    with pytest.raises(DataError, match=r'list.txt:2: `label`'):
        listed(images, classes=['a', 'b'])
    (images / 'twice.txt').write_text('a/1.jpg 0\na/1.jpg 1\n')
    with pytest.raises(DataError, match='twice.txt:2: `path` must be unique'):
        listed(images, ann_file='twice.txt')
    with pytest.raises(ConfigError, match='check'):
        listed(images, check='sometimes')
