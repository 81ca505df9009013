"""What may be handed in, and what may not."""
import pytest

from mmcomp.competitions.wechat.submission import check_result, write_result
from mmcomp.competitions.wechat.taxonomy import Taxonomy
from mmcomp.errors import TableError

IDS = ['10000000000000000007', '10000000000000000001', '3']


def test_a_result(tmp_path):
    path, taxonomy = tmp_path / 'result.csv', Taxonomy.from_counts()
    assert write_result(path, IDS[::-1], [199, 1, 0], IDS) == 3
    assert path.read_bytes() == f'{IDS[0]},0000\n{IDS[1]},0001\n3,2223\n'.encode()
    before = path.read_bytes()
    write_result(path, IDS, ['0000', '0001', '2223'], IDS, taxonomy)
    assert path.read_bytes() == before and check_result(path, IDS) == 3


@pytest.mark.parametrize(('text', 'told'), [
    ('{0},0000\n{1},0001\n', '1 of 3 ids are not in it'), ('{0},0000\n{1},0001\n{1},0001\n{2},0002\n', 'line 2 has it'),
    ('id,category_id\n{0},0000\n', 'header'), ('{0},0000\n{1},0001\n4,0000\n', 'one of the test set'),
    ('{0},0\n{1},0001\n{2},0000\n', 'lose their zeros'), ('{0},0000\r\n', 'LF'), ('{0},9900\n', 'one of the 200'),
    ('{0},0000,1\n', 'two fields'), ('', '3 of 3 ids')])
def test_what_is_refused(tmp_path, text, told):
    path = tmp_path / 'result.csv'
    path.write_bytes(text.format(*IDS).encode())
    with pytest.raises(TableError, match=told):
        check_result(path, IDS, Taxonomy.from_counts())


@pytest.mark.parametrize(('ids', 'labels', 'told'), [
    (IDS[:2], [0, 1], '1 ids are missing'), ([*IDS, '4'], [0, 1, 2, 3], '1 unknown'),
    ([*IDS[:2], IDS[0]], [0] * 3, 'unique'),
    (IDS, [0, 1, 101], None), (IDS, [0, 1, 200], '0…199'), (IDS, ['0000', '0001', '101'], 'lose their zeros')])
def test_what_is_not_written(tmp_path, ids, labels, told):
    path = tmp_path / 'result.csv'
    if told is None:
        assert write_result(path, ids, labels, IDS) == 3
        return
    with pytest.raises(TableError, match=told):
        write_result(path, ids, labels, IDS)
    assert not path.exists()
