import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from mmcomp.apis import build
from mmcomp.datasets.transforms.image.jpeg import jpeg_size, reduction
from mmcomp.errors import ConfigError, DataError
from mmcomp.registry import DATASETS, TRANSFORMS


def smooth(height, width):
    return cv2.resize(np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8), (width, height))


def jpeg(image, orientation=1, **options):
    file, exif = io.BytesIO(), Image.Exif()
    exif[274] = orientation
    Image.fromarray(image).save(file, 'JPEG', exif=exif, **options)
    return file.getvalue()


def both(path, **kwargs):
    return [TRANSFORMS.build(dict(type=t, **k))(dict(img_path=str(path)))
            for t, k in (('FastLoadImageFromFile', kwargs), ('LoadImageFromFile', {}))]


def assert_same(got, expected):
    assert got.keys() == expected.keys()
    np.testing.assert_array_equal(got['img'], expected['img'])
    assert got['img_shape'] == expected['img_shape'] and got['ori_shape'] == expected['ori_shape']


@pytest.mark.parametrize('orientation', range(1, 9))
def test_the_same_pixels_and_turns(tmp_path, orientation):
    path = tmp_path / 'a.jpg'
    path.write_bytes(jpeg(smooth(40, 61), orientation, progressive=orientation % 2 == 0))
    got, expected = both(path)
    assert_same(got, expected)
    assert got['img'].shape[:2] == ((40, 61) if orientation < 5 else (61, 40))


def test_other_formats_grey_ones_and_torn_files_are_as_in_the_stock(tmp_path):
    for name in ('a.png', 'a.webp', 'a.bmp', 'grey.jpg'):
        cv2.imwrite(str(tmp_path / name), smooth(20, 30) if 'a' in name[:1] else smooth(20, 30)[..., 0])
        assert_same(*both(tmp_path / name))
        assert_same(*both(tmp_path / name, reduce_to=16))
    torn = jpeg(np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8))
    (tmp_path / 'torn.jpg').write_bytes(torn[:len(torn) // 2])
    try:
        expected = TRANSFORMS.build(dict(type='LoadImageFromFile'))(dict(img_path=str(tmp_path / 'torn.jpg')))
    except AssertionError:
        with pytest.raises(DataError):
            both(tmp_path / 'torn.jpg')
    else:
        assert_same(both(tmp_path / 'torn.jpg')[0], expected)


@pytest.mark.parametrize('orientation', [1, 6])
@pytest.mark.parametrize(('size', 'by'), [((127, 300), 1), ((128, 300), 2), ((300, 257), 4), ((600, 517), 8)])
def test_reduced_images_cover_the_target_and_look_alike(tmp_path, size, by, orientation):
    path = tmp_path / 'a.jpg'
    path.write_bytes(jpeg(smooth(*size), orientation, quality=95))
    got, expected = both(path, reduce_to=64)
    assert got['ori_shape'] == expected['ori_shape'] == expected['img'].shape[:2]
    assert got['img_shape'] == got['img'].shape[:2] == tuple(-(-side // by) for side in expected['img_shape'])
    assert min(got['img_shape']) >= 64
    alike = cv2.resize(expected['img'], got['img'].shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(alike.astype(int) - got['img']).mean() < 4


def test_never_below_the_target_turned_or_not():
    rng = np.random.default_rng(0)
    for size, least in zip(rng.integers(1, 4000, (500, 2)).tolist(), rng.integers(1, 600, (500, 2)).tolist()):
        by = reduction(size, least)
        assert by == 1 or min(side // by for side in size) >= max(least)
        assert by == 8 or min(side // (2 * by) for side in size) < max(least)


def test_sizes_from_headers():
    for progressive in (False, True):
        assert jpeg_size(jpeg(smooth(37, 300), 6, progressive=progressive, comment=b'x' * 3000)) == (300, 37)
    whole = jpeg(smooth(8, 9))
    padded = whole[:2] + b'\xff' * 3 + whole[2:]
    assert jpeg_size(padded) == (9, 8)
    for torn in (b'', b'\xff\xd8', whole[:20], b'\x89PNG\r\n\x1a\n' + bytes(40),
                 b'\xff\xd8\xff\xc0' + struct.pack('>HBHH', 17, 8, 0, 9) + bytes(9), b'\xff\xd8' + bytes(50)):
        assert jpeg_size(torn) is None


@pytest.mark.parametrize('data', [b'', b'<html>', b'\xff\xd8\xff' + bytes(30)])
def test_a_broken_file_is_named(tmp_path, data):
    (tmp_path / 'x.jpg').write_bytes(data)
    dataset = build(dict(type='ImageFolderDataset', data_root=str(tmp_path), with_label=False, check='off',
                         pipeline=[dict(type='FastLoadImageFromFile', reduce_to=8)]), DATASETS)
    with pytest.raises(DataError, match=r"x\.jpg: .*on_bad_image='skip'"):
        dataset[0]
    (tmp_path / 'x.jpg').unlink()
    with pytest.raises(DataError, match=r'x\.jpg: .*FileNotFoundError'):
        dataset[0]


def test_other_arguments_are_mmcvs(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), smooth(8, 9))
    for kwargs in (dict(to_float32=True), dict(color_type='grayscale'), dict(imdecode_backend='pillow')):
        got, expected = (TRANSFORMS.build(dict(type=t, **kwargs))(dict(img_path=str(tmp_path / 'a.png')))
                         for t in ('FastLoadImageFromFile', 'LoadImageFromFile'))
        np.testing.assert_array_equal(got['img'], expected['img'])
        assert got['img'].dtype == expected['img'].dtype
    ignores = TRANSFORMS.build(dict(type='FastLoadImageFromFile', ignore_empty=True))
    assert ignores(dict(img_path=str(tmp_path / 'none.png'))) is None


@pytest.mark.parametrize('wrong', [dict(reduce_to=0), dict(reduce_to=(4, )), dict(reduce_to=8, to_float32=True)])
def test_wrong_sizes_are_refused(wrong):
    with pytest.raises(ConfigError, match='reduce_to'):
        TRANSFORMS.build(dict(type='FastLoadImageFromFile', **wrong))
