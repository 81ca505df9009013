import numpy as np
import pytest

from mmcomp.annotations import read_list, write_list
from mmcomp.errors import DataError


def test_round_trip_keeps_order_spaces_and_unicode(tmp_path):
    paths = ['train/0001/a b  c.jpg', 'z.jpg', 'train/花/1.jpg', '0 1 2']
    write_list(tmp_path / 'meta' / 'train.txt', paths, np.array([3, 0, 11, 7]))
    read, labels = read_list(tmp_path / 'meta' / 'train.txt')
    assert read == paths
    assert labels.tolist() == [3, 0, 11, 7] and labels.dtype == np.int64


def test_lists_of_windows_and_blank_lines(tmp_path):
    file = tmp_path / 'train.txt'
    file.write_bytes('\ufeffa.jpg\t1\r\n\r\n  b.jpg 0042  \r\n'.encode())
    paths, labels = read_list(file)
    assert paths == ['a.jpg', 'b.jpg'] and labels.tolist() == [1, 42]


def test_lists_without_labels(tmp_path):
    write_list(tmp_path / 'x.txt', ['a 1.jpg', 'b.jpg'])
    assert read_list(tmp_path / 'x.txt', with_label=False) == (['a 1.jpg', 'b.jpg'], None)


@pytest.mark.parametrize('text, words', [
    ('a.jpg 0\nb.jpg 5\n', ['list.txt:2', '`label`', '0…4', "'5'"]),
    ('a.jpg 0\n\nb.jpg -1\n', ['list.txt:3', '`label`', "'-1'"]),
    ('a.jpg cat\n', ['list.txt:1', '`label`', "'cat'"]),
    ('a.jpg\n', ['list.txt:1', 'relative/path.jpg <class index>']),
    ('a.jpg 1\nb.jpg 1\na.jpg 2\n', ['list.txt:3', 'line 1', 'a.jpg']),
    ('\n\n', ['list.txt', 'empty']),
])
def test_faults_name_file_and_line(tmp_path, text, words):
    (tmp_path / 'list.txt').write_text(text)
    with pytest.raises(DataError) as caught:
        read_list(tmp_path / 'list.txt', num_classes=5)
    assert all(word in str(caught.value) for word in words), caught.value


def test_missing_and_binary_files(tmp_path):
    with pytest.raises(DataError, match='no such'):
        read_list(tmp_path / 'nope.txt')
    (tmp_path / 'image.jpg').write_bytes(b'\xff\xd8\xff\xe0')
    with pytest.raises(DataError, match='UTF-8'):
        read_list(tmp_path / 'image.jpg')


def test_write_refuses_what_cannot_be_read_back(tmp_path):
    with pytest.raises(DataError, match='labels'):
        write_list(tmp_path / 'x.txt', ['a', 'b'], [1])
    with pytest.raises(DataError, match='line breaks'):
        write_list(tmp_path / 'x.txt', ['a\nb'], [1])
    assert not (tmp_path / 'x.txt').exists()
