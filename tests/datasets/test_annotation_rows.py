"""Rows of JSON files."""
import json

import pytest

from mmcomp.datasets.annotation_rows import ids_of, joined, listed, read_rows, texts_of
from mmcomp.errors import DataError

ROWS = [dict(id='a', title='x', ocr=[dict(time=2, text='two'), dict(time=1, text='one'), dict(time=3, text='two')]),
        dict(id='b', title=None, ocr=[]), dict(id='c', ocr=None)]


def test_files(tmp_path):
    (tmp_path / 'x.json').write_text(json.dumps(ROWS))
    (tmp_path / 'x.jsonl').write_text(''.join(json.dumps(row) + '\n' for row in ROWS))
    assert read_rows(tmp_path / 'x.json') == ROWS == read_rows(tmp_path / 'x.jsonl')
    for text, told in (('{}', 'a list'), ('[]', 'not empty'), ('[1]', 'objects'), ('[', 'not JSON')):
        (tmp_path / 'y.json').write_text(text)
        with pytest.raises(DataError, match=told):
            read_rows(tmp_path / 'y.json')
    with pytest.raises(DataError, match='no such'):
        read_rows(tmp_path / 'z.json')


def test_ids():
    assert ids_of(ROWS, 'id', 'x') == ['a', 'b', 'c'] and ids_of([dict(id=7)], 'id', 'x') == ['7']
    for rows, key, told in ((ROWS, 'ids', 'Did you mean `id`'), ([*ROWS, dict(id='a')], 'id', 'unique')):
        with pytest.raises(DataError, match=told):
            ids_of(rows, key, 'x')


def test_texts():
    assert texts_of(ROWS, 'title', 'x') == ['x', '', '']
    assert texts_of(ROWS, 'ocr', 'x') == ['onetwotwo', '', '']
    assert joined(ROWS[0]['ocr'], sort=False, joiner=',') == 'two,one,two'
    assert joined(ROWS[0]['ocr'], drop_repeats=True, joiner=',') == 'one,two'
    for rows, key, told in ((ROWS, 'titel', 'Did you mean `title`'), ([dict(t=5)], 't', 'a text'),
                            ([dict(t=[dict(text='x')])], 't', 'row 0')):
        with pytest.raises(DataError, match=told):
            texts_of(rows, key, 'x')


def test_lists(tmp_path):
    ids, path = ['a', 'b', 'c d'], tmp_path / 'list.txt'
    path.write_text('c d\na\n')
    assert listed(path, ids, 'x') == ([2, 0], None)
    path.write_text('c d 4\na 0\n')
    assert listed(path, ids, 'x') == ([2, 0], [4, 0])
    path.write_text('a\nz\n')
    with pytest.raises(DataError, match='1 of 2 ids are not in x: z'):
        listed(path, ids, 'x')
