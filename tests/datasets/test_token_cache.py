"""Ids on disk are those of the tokenizer, whoever wrote them."""
import os
import pickle
import threading

import numpy as np
import pytest

from mmcomp.datasets import token_cache
from mmcomp.datasets.tokenizing import build_tokenizer

WORDS = ['[UNK]', '[CLS]', '[SEP]', 'a', 'b', 'c', '##a', '##b', '##c']
TEXTS = ['a', '', 'b ab', 'c' * 5, 'x', 'a \ud83d', 'cab cab']


@pytest.fixture
def tokenizer():
    return build_tokenizer(dict(type='WordPiece', vocab=WORDS))


def by_hand(tokenizer, texts):
    return [tokenizer.encode(text.replace('\ud83d', '?'), add_special_tokens=False).ids for text in texts]


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(token_cache, 'CHUNK_TEXTS', 3)
    monkeypatch.setattr(token_cache, 'CHUNK_CHARACTERS', 6)


def test_chunks_change_nothing(tokenizer, tmp_path, small_chunks):
    assert list(token_cache._chunks(TEXTS)) == [(0, 3), (3, 5), (5, 6), (6, 7)]
    for array in (token_cache.in_memory(TEXTS, tokenizer), token_cache.cached(TEXTS, tokenizer, folder=tmp_path)):
        assert [array[row].tolist() for row in range(len(array))] == by_hand(tokenizer, TEXTS)
        assert array.lengths.tolist() == [len(ids) for ids in by_hand(tokenizer, TEXTS)]
        assert array.tokens.dtype == np.uint16


def test_a_vocabulary_above_16_bits(tmp_path):
    tokenizer = build_tokenizer(dict(type='WordPiece', vocab={'[UNK]': 0, 'a': 70_000}))
    array = token_cache.cached(['a b a'], tokenizer, folder=tmp_path)
    assert array[0].tolist() == [70_000, 0, 70_000]


def test_it_tokenises_once(tokenizer, tmp_path, monkeypatch):
    first = token_cache.cached(TEXTS, tokenizer, folder=tmp_path)
    monkeypatch.setattr(token_cache, 'tokenise', None)
    again = token_cache.cached(list(TEXTS), tokenizer, folder=tmp_path)
    assert isinstance(again.tokens, np.memmap) and np.array_equal(again.tokens, first.tokens)
    copy = pickle.loads(pickle.dumps(again))
    assert isinstance(copy.tokens, np.memmap) and len(pickle.dumps(again)) < 1000 + again.offsets.nbytes
    assert np.array_equal(copy.tokens, first.tokens) and np.array_equal(copy.offsets, first.offsets)


def test_whatever_decides_ids_is_in_the_key(tokenizer, tmp_path):
    other = build_tokenizer(dict(type='WordPiece', vocab=[*WORDS, 'd']))
    calls = [(TEXTS, tokenizer, []), (TEXTS[::-1], tokenizer, []), (TEXTS, other, []), (TEXTS, tokenizer, ['lower'])]
    for texts, which, definition in calls:
        token_cache.cached(texts, which, folder=tmp_path, definition=definition)
    assert len(list(tmp_path.glob('*.tokens'))) == 4
    assert token_cache._key(['ab', 'c'], tokenizer, ()) != token_cache._key(['a', 'bc'], tokenizer, ())


def test_a_torn_file_is_written_anew(tokenizer, tmp_path):
    token_cache.cached(TEXTS, tokenizer, folder=tmp_path)
    (path, ) = tmp_path.glob('*.tokens')
    for damage in (lambda: os.truncate(path, 4), path.unlink, path.with_suffix('.offsets.npy').unlink,
                   lambda: path.with_suffix('.offsets.npy').write_bytes(b'x')):
        damage()
        array = token_cache.cached(TEXTS, tokenizer, folder=tmp_path)
        assert [array[row].tolist() for row in range(len(array))] == by_hand(tokenizer, TEXTS)


def test_a_run_that_breaks_off_leaves_nothing(tokenizer, tmp_path):

    def broken(text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        token_cache.cached(TEXTS, tokenizer, [broken], folder=tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == ['.lock']


@pytest.mark.parametrize('locks', [True, False])
def test_several_at_once(tokenizer, tmp_path, monkeypatch, locks):
    """Threads open the lock file each for themselves, as processes do."""
    import fcntl
    calls, original = [], token_cache.tokenise

    def counted(*args):
        calls.append(args)
        return original(*args)

    def refuse(*args):
        raise OSError('no locks here')

    monkeypatch.setattr(token_cache, 'tokenise', counted)
    if not locks:
        monkeypatch.setattr(fcntl, 'flock', refuse)
    found = []
    threads = [threading.Thread(target=lambda: found.append(token_cache.cached(TEXTS, tokenizer, folder=tmp_path)))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(np.array_equal(array.tokens, found[0].tokens) for array in found)
    assert 1 <= len(calls) <= (1 if locks else 4)
    assert not list(tmp_path.glob('*.tmp*')) and len(list(tmp_path.glob('*.tokens'))) == 1


def test_texts_without_a_token(tokenizer, tmp_path):
    array = token_cache.cached(['', ' '], tokenizer, folder=tmp_path)
    assert len(array) == 2 and not array.lengths.any() and len(pickle.loads(pickle.dumps(array))[1]) == 0
