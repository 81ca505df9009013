import json
import os

import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.formats.headers import open_table, read_header
from mmcomp.predictions.formats.mapped_table import open_mapped
from mmcomp.predictions.formats.table_stream import TableStream, placeholder
from mmcomp.predictions.recording import record_score
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable


def table(rows=6):
    scores = np.arange(3 * rows, dtype=np.float32).reshape(rows, 3)
    return PredictionTable([f'{i}\n.jpg' for i in range(rows)], scores, 'value', ['x', 'y', 'ä'], {'fold': 1})


def test_numpy_opens_it_without_mmcomp(tmp_path):
    write_table(table(), tmp_path / 'x.table')
    np.testing.assert_array_equal(np.load(tmp_path / 'x.table/scores.npy', mmap_mode='r'), table().scores)
    assert np.load(tmp_path / 'x.table/ids.npy')[1] == '1\n.jpg'
    about = json.loads((tmp_path / 'x.table/table.json').read_text())
    assert about['kind'] == 'value' and about['classes'] == ['x', 'y', 'ä'] and about['origin'] == {'fold': 1}


def test_scores_are_mapped_and_the_file_is_left_as_it_was(tmp_path):
    write_table(table(), tmp_path / 'x.table')
    mapped, read = open_table(tmp_path / 'x.table'), read_table(tmp_path / 'x.table')
    assert isinstance(mapped.scores, np.memmap) and read.name.endswith('x.table')
    with pytest.raises(ValueError, match='read-only'):
        mapped.scores[0, 0] = 5
    read.scores[0, 0] = 5
    assert open_mapped(tmp_path / 'x.table').scores[0, 0] == 0
    assert tuple(read_header(tmp_path / 'x.table')['shape']) == (6, 3)


def test_a_failed_write_leaves_the_old_table_and_nothing_else(tmp_path):
    write_table(table(), tmp_path / 'x.table')

    def blocks():
        yield np.zeros((2, 3), np.float32)
        raise TableError('broken')
    stream = TableStream(PredictionTable(['a', 'b', 'c'], placeholder(3, 3, np.float32), 'value'), blocks)
    with pytest.raises(TableError, match='broken'):
        write_table(stream, tmp_path / 'x.table')
    assert len(read_table(tmp_path / 'x.table')) == 6 and os.listdir(tmp_path) == ['x.table']
    write_table(table(4), tmp_path / 'x.table')
    assert len(read_table(tmp_path / 'x.table')) == 4 and os.listdir(tmp_path) == ['x.table']


def test_a_score_is_recorded_while_the_old_table_is_mapped(tmp_path):
    write_table(table(), tmp_path / 'x.table')
    mapped = open_table(tmp_path / 'x.table')
    record_score(tmp_path / 'x.table', .75)
    assert read_header(tmp_path / 'x.table')['origin'] == {'fold': 1, 'leaderboard_score': .75}
    np.testing.assert_array_equal(mapped.scores, table().scores)
