import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.joining import match_rows


def test_whole_ids_come_first_then_unique_base_names():
    assert list(match_rows(['a/1', 'b/1'], ['b/1', 'c/2', 'a/1'], 't')) == [2, 0]
    assert list(match_rows(['testb/1', 'testb/2'], ['2', '3', '1'], 't')) == [2, 0]
    rng = np.random.default_rng(0)
    ids = [f'd/{i}' for i in range(50)]
    order = rng.permutation(50)
    rows = match_rows(ids, [ids[i] for i in order], 't')
    assert [ids[order[r]] for r in rows] == ids


def test_base_names_that_repeat_are_no_ids():
    with pytest.raises(TableError, match='t: 1 of 2 ids are not in it: a/2.*not unique'):
        match_rows(['a/1', 'a/2'], ['a/1', 'b/1', 'b/2'], 't')
    with pytest.raises(TableError, match='1 of 2 ids are not in it: y.'):
        match_rows(['x', 'y'], ['x', 'z'], 't')
