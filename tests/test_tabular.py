"""Tables come out as they were written, in every format."""
import gzip
import json

import numpy as np
import pytest

from mmcomp import tabular
from mmcomp.errors import DataError
from mmcomp.tabular import check_ids, read_columns

ROWS = [dict(id='007', text='null', y='0.5', note='x'), dict(id='1e5', text='a, "b"\nc', y='', note='y'),
        dict(id='-', text='', y='1', note='z')]


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / 'x.csv'
    path.write_text('\ufeffid,text,y,note\n007,null,0.5,x\n1e5,"a, ""b""\nc",,y\n-,,1,z\n', encoding='utf-8')
    return path


def same(table):
    assert list(table) == ['id', 'text', 'y']
    assert table['id'] == ['007', '1e5', '-'] and table['text'] == ['null', 'a, "b"\nc', '']
    np.testing.assert_array_equal(table['y'], [.5, np.nan, 1])


def test_words_stay_words(csv, tmp_path):
    columns = dict(words=['id', 'text'], numbers=['y'])
    same(read_columns(csv, **columns))
    same(read_columns(ROWS, **columns))
    with gzip.open(tmp_path / 'x.csv.gz', 'wb') as file:
        file.write(csv.read_bytes())
    same(read_columns(tmp_path / 'x.csv.gz', **columns))
    lines = [{k: v for k, v in row.items() if v != ''} for row in ROWS]
    (tmp_path / 'x.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))
    same(read_columns(tmp_path / 'x.jsonl', **columns))


def test_parquet_reads_as_the_other_formats_do(csv, tmp_path):
    pa, parquet = pytest.importorskip('pyarrow'), pytest.importorskip('pyarrow.parquet')
    columns = dict(words=['id', 'text'], numbers=['y'])
    expected = read_columns(csv, **columns)
    cells = {name: list(map(str, expected[name])) for name in ('id', 'text')}
    y = pa.array([None if np.isnan(v) else v for v in expected['y']], pa.float32())
    parquet.write_table(pa.table(dict(cells, y=y, more=[[1, 2]] * len(y))), tmp_path / 'x.parquet')
    found = read_columns(tmp_path / 'x.parquet', **columns)
    assert {name: found[name] for name in cells} == cells
    np.testing.assert_allclose(found['y'], expected['y'])
    numbered = pa.table(dict(id=pa.array([7, 8]), text=pa.array(['a', None]), y=pa.array([1, 0])))
    parquet.write_table(numbered, tmp_path / 'n.parquet')
    found = read_columns(tmp_path / 'n.parquet', **columns)
    assert (found['id'], found['text'], found['y'].tolist()) == (['7', '8'], ['a', ''], [1., 0.])
    (tmp_path / 'x.parquet').write_bytes(b'PAR1, it says')
    with pytest.raises(DataError, match='its suffix says'):
        read_columns(tmp_path / 'x.parquet', **columns)
    with pytest.raises(DataError, match='no such table'):
        read_columns(tmp_path / 'none.parquet', **columns)


def test_parquet_without_its_library_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(tabular, 'find_spec', lambda name: None)
    with pytest.raises(DataError, match='pip install pyarrow'):
        read_columns(tmp_path / 'x.parquet', ['text'])


def test_another_name_serves_where_the_first_is_missing(csv):
    table = read_columns(csv, ['comment', 'id'], ['target'], {'text': 'comment', 'y': 'target', 'note': 'id'})
    assert table['comment'][0] == 'null' and table['target'][0] == .5 and table['id'][0] == '007'


def test_what_is_wrong_is_named(csv, tmp_path):
    with pytest.raises(DataError, match='Did you mean `text`'):
        read_columns(csv, ['txt'])
    assert list(read_columns(csv, ['id', 'label'], optional=['label'])) == ['id']
    with pytest.raises(DataError, match=r'row 0: x'):
        read_columns(csv, ['id'], ['note'])
    with pytest.raises(DataError, match='no such table'):
        read_columns(tmp_path / 'y.csv', ['id'])
    with pytest.raises(DataError, match='suffix'):
        read_columns(tmp_path / 'y.xls', ['id'])
    for content in ('', 'id,text\n'):
        (tmp_path / 'z.csv').write_text(content)
        with pytest.raises(DataError, match='z.csv'):
            read_columns(tmp_path / 'z.csv', ['id'])


@pytest.mark.parametrize(('ids', 'law'), [(['a', 'b', 'a'], 'unique'), (['a', ''], 'no id'),
                                          (['59848.0', '59849.0'], 'floats'), (['5.9e+04', '6e4'], 'floats')])
def test_ids(ids, law):
    with pytest.raises(DataError, match=law):
        check_ids(ids, 'x.csv')
    check_ids(['1', '1.5', 'a'], 'x.csv')
