import pickle

import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.formats import headers
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable


@pytest.mark.parametrize('dtype', ['float16', 'float32'])
@pytest.mark.parametrize('limit', [1 << 18, 1 << 26])
def test_header_is_that_of_the_whole_table(tmp_path, monkeypatch, dtype, limit):
    monkeypatch.setattr(headers, 'SKIP_ABOVE', limit)
    scores = np.random.default_rng(0).random((5000, 30)).astype(dtype)
    classes = tuple('abcdefghijklmnopqrstuvwxyz0123')
    write_table(PredictionTable([f'{i}.jpg' for i in range(5000)], scores, 'value', classes,
                                {'val_score': .5, 'note': 'x'}), tmp_path / 't.pkl')
    header, table = headers.read_header(tmp_path / 't.pkl'), read_table(tmp_path / 't.pkl')
    assert header['shape'] == table.scores.shape and tuple(header['classes']) == table.classes
    assert header['kind'] == 'value' and header['origin'] == {'val_score': .5, 'note': 'x'}


def test_large_arrays_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(headers, 'SKIP_ABOVE', 1 << 18)
    write_table(PredictionTable(['a'], np.ones((1, 100_000), np.float32), 'value'), tmp_path / 't.pkl')
    content = (tmp_path / 't.pkl').read_bytes()
    kept = content.index(np.ones(100, np.float32).tobytes())
    read = []
    real = headers._SkippingFile.read

    def read_and_count(self, size=-1):
        read.append(size if size <= headers.SKIP_ABOVE else 0)
        return real(self, size)
    monkeypatch.setattr(headers._SkippingFile, 'read', read_and_count)
    assert headers.read_header(tmp_path / 't.pkl')['shape'] == (1, 100_000)
    assert sum(read) < kept + (1 << 17)


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
@pytest.mark.parametrize('order', ['C', 'F'])
def test_mapped_tables_are_the_read_ones(tmp_path, monkeypatch, dtype, order):
    monkeypatch.setattr(headers, 'SKIP_ABOVE', 1 << 18)
    scores = np.asarray(np.random.default_rng(0).random((3001, 77)).astype(dtype), order=order)
    scores.flags.writeable = order == 'C'  # is pickled another way
    write_table(PredictionTable([f'{i}.jpg' for i in range(3001)], scores, 'value', origin={'fold': 1}),
                tmp_path / 't.pkl')
    mapped, table = headers.open_table(tmp_path / 't.pkl'), read_table(tmp_path / 't.pkl')
    assert isinstance(mapped.scores, np.memmap) and mapped.scores.dtype == dtype
    np.testing.assert_array_equal(mapped.scores, table.scores)
    assert (mapped.ids == table.ids).all() and mapped.origin == table.origin and mapped.kind == 'value'


def test_ids_too_long_to_map_and_small_files_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(headers, 'SKIP_ABOVE', 1 << 18)
    ids = [f'{i:0100d}.jpg' for i in range(3000)]
    for width in (1, 100):
        write_table(PredictionTable(ids, np.ones((3000, width), np.float32), 'value'), tmp_path / 't.pkl')
        table = headers.open_table(tmp_path / 't.pkl')
        assert table.ids.tolist() == ids and (table.scores == 1).all() and not isinstance(table.scores, np.memmap)


def test_old_forms_and_torn_files(tmp_path):
    (tmp_path / 'old.pkl').write_bytes(pickle.dumps({'a.jpg': np.ones(3)}))
    assert headers.read_header(tmp_path / 'old.pkl') == {'origin': {}}
    write_table(PredictionTable(['a'], np.ones((1, 2), np.float32), 'value'), tmp_path / 't.pkl')
    (tmp_path / 'torn.pkl').write_bytes((tmp_path / 't.pkl').read_bytes()[:-20])
    with pytest.raises(TableError, match='not a whole'):
        headers.read_header(tmp_path / 'torn.pkl')
    with pytest.raises(TableError, match='no such file'):
        headers.read_header(tmp_path / 'nope.pkl')


def test_headers_run_nothing(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ('planted',)
    (tmp_path / 'evil.pkl').write_bytes(pickle.dumps({'format': 'mmcomp.table', 'x': Evil()}))
    with pytest.raises(TableError, match='refused'):
        headers.read_header(tmp_path / 'evil.pkl')


def test_a_large_file_without_its_end_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(headers, 'SKIP_ABOVE', 1 << 18)
    table = PredictionTable([str(i) for i in range(500)], np.zeros((500, 400), np.float32), 'value')
    write_table(table, tmp_path / 'x.pkl')
    whole = (tmp_path / 'x.pkl').read_bytes()
    assert isinstance(headers.open_table(tmp_path / 'x.pkl').scores, np.memmap)
    for length in range(200, len(whole), len(whole) // 20):
        (tmp_path / 'x.pkl').write_bytes(whole[:length])
        with pytest.raises(TableError, match='not a whole pickle'):
            headers.open_table(tmp_path / 'x.pkl')
