import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.formats import parts


def write(folder, rows, scores):
    writer = parts.PartWriter(folder, max_bytes=100)
    for row in rows:
        writer.add([row], scores[[row]])
    writer.flush()


def test_parts_of_several_writers_join_in_order_and_a_second_run_goes_on(tmp_path):
    scores = np.random.default_rng(0).random((37, 5), dtype=np.float32)
    folder = parts.parts_folder(tmp_path / 'x.pkl')
    assert parts.open_parts(folder, {'a': (1, 2)}) is None and len(parts.done_rows(folder)) == 0
    write(folder, range(0, 20, 2), scores)
    write(folder, range(1, 20, 2), scores)
    assert parts.open_parts(folder, {'a': (1, 2)}) is None
    assert list(parts.done_rows(folder)) == list(range(20))
    with pytest.raises(TableError, match='exactly once; got.*20, 21'):
        parts.join_parts(folder, 37)
    write(folder, range(20, 37), scores)
    assert np.array_equal(parts.join_parts(folder, 37), scores)
    write(folder, [5], scores)
    with pytest.raises(TableError, match=r"exactly once; got '5'"):
        parts.join_parts(folder, 37)


def test_parts_of_another_run_and_torn_parts_are_not_joined(tmp_path):
    folder = tmp_path / 'p'
    parts.open_parts(folder, {'checkpoint': 'a', 'tta': False})
    write(folder, [0], np.zeros((1, 2)))
    assert parts.open_parts(folder, {'checkpoint': 'b', 'tta': False}) == 'checkpoint'
    assert len(parts.done_rows(folder)) == 0
    (folder / 'part-x.npz').write_bytes(b'PK\x03\x04 torn')
    with pytest.raises(TableError, match='part-x.npz: not a whole part file'):
        parts.done_rows(folder)
