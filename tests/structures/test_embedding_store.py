"""Look-up against dicts of the same vectors, source by source and case by case."""
import json

import numpy as np
import pytest

from mmcomp.errors import ConfigError, DataError
from mmcomp.structures.embedding_building import build_embeddings
from mmcomp.structures.embedding_store import EmbeddingStore

ONE = {'the': [.1, .2, .3], 'Paris': [1, 2, 3], 'USA': [4, 5, 6], 'usa': [7, 8, 9]}
TWO = {'paris': [.5, -.5], 'Usa': [2, 4], 'of': [-1, 1]}
WORDS = ['[PAD]', 'the', 'THE', 'paris', 'PARIS', 'USA', 'uSa', 'of', 'Of', 'nowhere']


@pytest.fixture(scope='module')
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp('store')
    for name, vectors in (('one', ONE), ('two', TWO)):
        lines = [' '.join([word, *map(str, vector)]) for word, vector in vectors.items()]
        (folder / f'{name}.txt').write_text('\n'.join(lines))
    build_embeddings([folder / 'one.txt', folder / 'two.txt'], folder / 'out', tell=lambda line: None)
    return EmbeddingStore(folder / 'out')


@pytest.mark.parametrize('case_fallback', [True, False])
@pytest.mark.parametrize('oov', ['zero', 'mean'])
def test_a_table_is_what_dicts_say(store, case_fallback, oov):
    table, coverage = store.table(WORDS, case_fallback, oov)
    assert table.shape == (len(WORDS), store.width) == (10, 5) and table.dtype == np.float16
    nowhere = 0
    for row, word in zip(table, WORDS, strict=True):
        forms = [word, word.lower(), word.title()] if case_fallback else [word]
        found = [next((source[form] for form in forms if form in source), None) for source in (ONE, TWO)]
        nowhere += found == [None, None]
        missing = [np.mean(list(source.values()), axis=0) if oov == 'mean' else np.zeros(width)
                   for source, width in ((ONE, 3), (TWO, 2))]
        expected = np.concatenate([b if a is None else a for a, b in zip(found, missing, strict=True)])
        np.testing.assert_array_equal(row, expected.astype(np.float16))
    assert coverage.words == 10 and coverage.nowhere == nowhere == len(WORDS) - len(store.known(WORDS, case_fallback))
    assert all(sum(how.values()) == 10 for how in coverage.found.values())
    assert f'{10 - nowhere} of 10 words have a vector: one' in str(coverage)


def test_how_words_were_found(store):
    _, coverage = store.table(WORDS)
    assert coverage.found['one'] == dict(exact=2, lower=2, title=2, none=4)
    assert coverage.found['two'] == dict(exact=2, lower=2, title=2, none=4)


def test_what_is_wrong_is_named(store, tmp_path):
    with pytest.raises(ConfigError, match='`oov` must be one of'):
        store.table(WORDS, oov='random')
    with pytest.raises(DataError, match='build_embeddings'):
        EmbeddingStore(tmp_path)
    for path in store.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / '1.vectors').write_bytes(b'12')
    with pytest.raises(DataError, match='cut off'):
        EmbeddingStore(tmp_path)
    manifest = json.loads((tmp_path / 'manifest.json').read_text())
    (tmp_path / 'manifest.json').write_text(json.dumps(dict(manifest, version=0)))
    with pytest.raises(DataError, match='`version` must be 1; got 0'):
        EmbeddingStore(tmp_path)
