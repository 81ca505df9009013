"""The same ids as Hugging Face's classes, from the same words."""
import json
import os

import numpy as np
import pytest

from mmcomp.datasets.tokenizing import build_tokenizer, special_tokens, stand_in, vocabulary_size
from mmcomp.errors import ConfigError, DataError

WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'cat', 'sat', '##s', '##ting', 's', '.', '猫', 'e']
TEXTS = ['The cats sat.', '', 'Thé 猫sting [MASK] dog', ' ... \t']
PIECES = ['t', 'h', 'e', 'Ġ', 'c', 'a', 'th', 'the', 'Ġc', '<|endoftext|>']
MERGES = ['t h', 'th e', 'Ġ c']


def test_word_pieces_are_those_of_bert(tmp_path):
    from transformers import BertTokenizer
    vocab = {word: row for row, word in enumerate(WORDS)}
    reference = BertTokenizer(vocab=vocab)
    (tmp_path / 'vocab.txt').write_text('\n'.join(WORDS) + '\n', encoding='utf-8')
    for given in (vocab, WORDS, str(tmp_path / 'vocab.txt')):
        ours = build_tokenizer(dict(type='WordPiece', vocab=given))
        assert [ours.encode(text).ids for text in TEXTS] == reference(TEXTS)['input_ids']
    assert [part.tolist() for part in special_tokens(ours)] == [[2], [3]] and vocabulary_size(ours) == len(WORDS)
    reference.save_pretrained(tmp_path / 'saved')
    for given in (dict(folder=tmp_path / 'saved'), dict(file=tmp_path / 'saved/tokenizer.json')):
        assert build_tokenizer(given).encode(TEXTS[0]).ids == ours.encode(TEXTS[0]).ids


def test_byte_pairs_are_those_of_gpt2(tmp_path):
    from transformers import GPT2Tokenizer
    vocab = {word: row for row, word in enumerate(PIECES)}
    reference = GPT2Tokenizer(vocab=vocab, merges=[tuple(pair.split()) for pair in MERGES])
    (tmp_path / 'vocab.json').write_text(json.dumps(vocab), encoding='utf-8')
    (tmp_path / 'merges.txt').write_text('#version: 0.2\n' + '\n'.join(MERGES) + '\n', encoding='utf-8')
    ours = build_tokenizer(dict(type='ByteLevelBPE', vocab=f'{tmp_path}/vocab.json', merges=f'{tmp_path}/merges.txt'))
    texts = ['the cat', 'that', '']
    assert [ours.encode(text).ids for text in texts] == reference(texts)['input_ids']
    assert not sum(map(len, special_tokens(ours))) and stand_in(ours) == PIECES.index('<|endoftext|>')


def test_words_are_looked_up_whole_and_never_left_out(tmp_path):
    vocab = ['[PAD]', '[UNK]', 'the', 'cat', "n't", 'İ']
    (tmp_path / 'words.txt').write_text('\n'.join(vocab) + '\n', encoding='utf-8')
    for given in (vocab, str(tmp_path / 'words.txt'), {word: row for row, word in enumerate(vocab)}):
        ours = build_tokenizer(dict(type='Words', vocab=given))
        assert ours.encode(" the  Cat\tn't dog, cat\n").ids == [2, 1, 4, 1, 3]
    lower = build_tokenizer(dict(type='Words', vocab=vocab, lower_case=True, unknown='the'))
    assert lower.encode('THE Cat dog').ids == [2, 3, 2]
    assert ours.encode('').ids == [] and stand_in(ours) == 1 and not sum(map(len, special_tokens(ours)))


@pytest.mark.parametrize('vocab', [['a', '[UNK]'], ['[PAD]', 'a'], ['[PAD]', '[UNK]', 'a', 'a']])
def test_words_that_are_no_vocabulary(vocab):
    with pytest.raises(DataError, match='fit_vocabulary'):
        build_tokenizer(dict(type='Words', vocab=vocab))


def test_it_neither_truncates_nor_pads(tmp_path):
    source = build_tokenizer(dict(type='WordPiece', vocab=WORDS))
    source.enable_truncation(3)
    source.enable_padding()
    source.save(str(tmp_path / 'tokenizer.json'))
    ours = build_tokenizer(dict(file=str(tmp_path / 'tokenizer.json')))
    assert [len(e.ids) for e in ours.encode_batch(['the cat sat', 'cat'])] == [5, 3]


def test_special_tokens_of_one_side():
    from tokenizers.processors import TemplateProcessing
    tokenizer = build_tokenizer(dict(type='WordPiece', vocab=WORDS))
    tokenizer.post_processor = TemplateProcessing(single='$A [SEP]', special_tokens=[('[SEP]', 3)])
    before, after = special_tokens(tokenizer)
    assert np.array_equal(before, []) and np.array_equal(after, [3]) and after.dtype == np.int32


@pytest.mark.parametrize(('cfg', 'error', 'match'), [
    (dict(type='WordPieces', vocab=WORDS), ConfigError, 'Did you mean `WordPiece`'),
    (dict(type='WordPiece', vocab=['a']), DataError, 'UNK'),
    (dict(type='WordPiece', vocab='nowhere.txt'), DataError, 'nowhere.txt'),
    (dict(type='WordPiece', vocabulary=WORDS), ConfigError, 'vocabulary'),
    (dict(folder='nowhere'), DataError, 'nowhere'),
    (dict(), ConfigError, 'given as one of'),
    (dict(type='ByteLevelBPE', vocab=['a'], merges=['a b']), DataError, 'of one model'),
])
def test_what_is_wrong_is_named(cfg, error, match):
    with pytest.raises(error, match=match):
        build_tokenizer(cfg)


def test_a_file_that_is_none(tmp_path):
    (tmp_path / 'tokenizer.json').write_text('{}')
    with pytest.raises(DataError, match='tokenizer.json'):
        build_tokenizer(dict(folder=str(tmp_path)))


def test_nothing_is_downloaded_unasked(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, 'HF_HUB_CACHE', str(tmp_path))
    with pytest.raises(DataError, match='allow_download=True'):
        build_tokenizer(dict(name='nobody/no-such-model-here'))
