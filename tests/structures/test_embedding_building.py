"""Files as fastText and GloVe publish them, with what is odd in them."""
import gzip
import zipfile

import numpy as np
import pytest

from mmcomp.errors import ConfigError, DataError
from mmcomp.structures.embedding_building import build_embeddings
from mmcomp.structures.embedding_store import EmbeddingStore

LINES = ['the 0.5 1 -2', '. . 1 2 3', 'at 7 name@x.com 4 5 6', 'new\x85line 1e-3 2 3 ', 'the 9 9 9', '猫 7 8 9']
WORDS = ['the', '. .', 'at 7 name@x.com', 'new\x85line', '猫']


def built(tmp_path, *sources, **how):
    lines = []
    build_embeddings(sources, tmp_path / 'out', tell=lines.append, **how)
    return EmbeddingStore(tmp_path / 'out'), lines


@pytest.mark.parametrize('kind', ['txt', 'vec', 'gz', 'zip'])
def test_a_file_of_vectors(kind, tmp_path):
    data = '\n'.join((['6 3'] if kind == 'vec' else []) + LINES).encode() + b'\n'
    path = tmp_path / f'some.300d.{kind}'
    if kind == 'zip':
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('some.txt', data)
    else:
        path.write_bytes(gzip.compress(data) if kind == 'gz' else data)
    store, lines = built(tmp_path, path)
    assert list(store.words(0)) == WORDS and store.width == 3
    expected = [[.5, 1, -2], [1, 2, 3], [4, 5, 6], [1e-3, 2, 3], [7, 8, 9]]
    np.testing.assert_array_equal(store.vectors(0), np.array(expected, np.float16))
    np.testing.assert_allclose(store.sources[0]['mean'], np.mean(expected, axis=0), rtol=1e-6)
    assert store.sources[0]['name'] == 'some' and '5 vectors of 3 numbers, without 1 words that came' in lines[0]


@pytest.mark.parametrize(('line', 'match'), [
    ('word 1 2', 'line 2: a line must be a word and 3 numbers; got 2 numbers'), ('word 1 two 3', 'no finite number'),
    ('word 1 nan 3', 'no finite number'), ('word 1 1e9 3', 'within float16'), ('', 'no word'),
    (' 1 2 3', 'no word')])
def test_broken_lines_are_named_or_left_out(line, match, tmp_path):
    path = tmp_path / 'v.txt'
    path.write_text(f'a 1 2 3\n{line}\nb 4 5 6\n')
    with pytest.raises(DataError, match=match):
        built(tmp_path, path)
    assert [p.name for p in tmp_path.iterdir()] == ['v.txt'], 'nothing is left behind'
    store, lines = built(tmp_path, path, skip_broken=True)
    assert list(store.words(0)) == ['a', 'b'] and '1 broken lines (line 2: ' in lines[0]


def test_many_rows_sources_of_one_name_and_the_first_words(tmp_path, monkeypatch):
    monkeypatch.setattr('mmcomp.structures.embedding_building.ROWS_AT_ONCE', 3)
    for folder, width in (('x', 2), ('y', 1)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'v.txt').write_text(''.join(f'w{n}{" 1" * width}\n' for n in range(10)))
    store, _ = built(tmp_path, tmp_path / 'x/v.txt', tmp_path / 'y/v.txt', max_words=7)
    assert [source['name'] for source in store.sources] == ['v.0', 'v.1'] and store.width == 3
    assert list(store.words(1)) == [f'w{n}' for n in range(7)]


@pytest.mark.parametrize(('content', 'name', 'match'), [
    (b'', 'v.txt', 'holds no vectors'), (b'no archive', 'v.txt.gz', 'cut off'), (b'none', 'v.zip', 'cut off'),
    (None, 'v.txt', 'must be a file')])
def test_files_that_are_none(content, name, match, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=match):
        built(tmp_path, tmp_path / name)
    with pytest.raises(ConfigError, match='at least 1'):
        built(tmp_path, tmp_path / name, max_words=0)
