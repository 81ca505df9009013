"""Missing files, joined as the data sets join them."""
import pytest

from mmcomp.apis.checking.files import missing_checkpoint, missing_of_dataset


@pytest.fixture
def data(tmp_path):
    (tmp_path / 'meta').mkdir()
    (tmp_path / 'meta/train.txt').touch()
    (tmp_path / 'images').mkdir()
    return tmp_path


def places(cfg):
    return [fault.where for fault in missing_of_dataset(cfg, 'd', 'error')]


def test_what_is_there_passes(data):
    cfg = dict(data_root=str(data), ann_file='meta/train.txt', image_root='images', image_roots=dict(b='images'))
    assert places(cfg) == []
    assert places(dict(ann_file=f'{data}/meta/train.txt', data_prefix=dict(img_path=f'{data}/images'))) == []
    assert places(dict(data_root='s3://bucket/x', ann_file='a.txt')) == [], 'what is remote can not be looked at'
    assert places({}) == []


def test_each_missing_file_is_named(data):
    cfg = dict(data_root=str(data), ann_file='meta/tran.txt', image_root='images', image_roots=dict(b='testb'),
               data_prefix=dict(img_path='nope'))
    assert places(cfg) == ['d.ann_file', 'd.data_prefix.img_path', 'd.image_roots.b']
    assert str(data / 'meta/tran.txt') in next(missing_of_dataset(cfg, 'd', 'error')).message


def test_a_missing_root_is_reported_once(data):
    cfg = dict(data_root=str(data / 'nope'), ann_file='meta/train.txt', image_root=str(data / 'gone'))
    assert places(cfg) == ['d.data_root', 'd.image_root']


@pytest.mark.parametrize(('path', 'count'), [
    ('nope.pth', 1), (None, 0), ('', 0), ('https://host/x.pth', 0), ('torchvision://resnet50', 0)])
def test_checkpoints(path, count):
    assert len(list(missing_checkpoint(path, 'load_from', 'warning'))) == count
