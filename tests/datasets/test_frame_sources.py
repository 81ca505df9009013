"""Frames by id."""
import zipfile

import numpy as np
import pytest

from mmcomp.datasets.feature_store import write_features
from mmcomp.datasets.frame_sources import FeatureZip, FrameFolders, FrameZips, frame_source
from mmcomp.errors import ConfigError, DataError


def store(path, features):
    with zipfile.ZipFile(path, 'w') as archive:
        for name, array in features.items():
            write_features(archive, name, array)
    return str(path)


def test_features(tmp_path):
    one, two = np.ones((3, 4), np.float16), np.zeros((0, 4), np.float32)
    source = FeatureZip([store(tmp_path / 'a.zip', {'1': one}), store(tmp_path / 'b.zip', {'2': two})])
    assert source.missing(['1', '2', '3']) == ['3']
    for name, array in (('1', one), ('2', two)):
        found = source.read(name)
        assert np.array_equal(found, array) and found.dtype == array.dtype
    assert source.nothing().shape == (0, 4)
    with zipfile.ZipFile(tmp_path / 'a.zip') as archive:
        assert [m.compress_type for m in archive.infolist()] == [zipfile.ZIP_STORED] and archive.namelist() == ['1.npy']


@pytest.mark.parametrize(('array', 'told'), [
    (np.ones((2, 5), np.float16), '4'), (np.ones(4, np.float16), '4'), (np.ones((2, 4), int), 'floats'),
    (np.array([[1, np.nan, 1, 1], [0] * 4], np.float16), '1 of 2 frames are not finite')])
def test_features_that_can_not_be(tmp_path, array, told):
    source = FeatureZip([store(tmp_path / 'a.zip', {'1': array})], width=4)
    with pytest.raises(DataError, match=told):
        source.read('1')


def test_what_is_no_array(tmp_path):
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
        archive.writestr('1.npy', b'text')
    with pytest.raises(DataError, match='no numpy array'):
        FeatureZip([tmp_path / 'a.zip']).read('1')


def test_images_in_zips_and_folders(tmp_path):
    images = {'10.jpg': b'c', '02.jpg': b'b', '01.jpg': b'a', 'notes.txt': b''}
    (tmp_path / 'zips/345').mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / 'zips/345/12345.zip', 'w') as archive:
        for name, data in images.items():
            archive.writestr(name, data)
    (tmp_path / 'folders/12345').mkdir(parents=True)
    for name, data in images.items():
        (tmp_path / 'folders/12345' / name).write_bytes(data)
    for source in (FrameZips(tmp_path / 'zips'), FrameFolders(tmp_path / 'folders')):
        frames = source.read('12345')
        assert len(frames) == 3 and list(frames) == [('01.jpg', b'a'), ('02.jpg', b'b'), ('10.jpg', b'c')]
        assert list(frames.take(np.array([0, 2]))) == [('01.jpg', b'a'), ('10.jpg', b'c')]
        assert source.missing(['12345', '99345', '1']) == ['99345', '1'] and len(source.nothing()) == 0
        with pytest.raises(DataError, match='99345'):
            source.read('99345')


def test_one_source(tmp_path):
    assert frame_source() is None and isinstance(frame_source(frame_folder=str(tmp_path)), FrameFolders)
    with pytest.raises(ConfigError, match='one at a time'):
        frame_source(frame_zips=str(tmp_path), frame_folder=str(tmp_path))
    with pytest.raises(DataError, match='no such folder'):
        frame_source(frame_zips=str(tmp_path / 'x'))
