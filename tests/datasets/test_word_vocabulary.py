"""Words are counted as the tokenizer splits them, and ids follow from counts alone."""
from collections import Counter

import pandas as pd
import pytest

from mmcomp.datasets.tokenizing import build_tokenizer
from mmcomp.datasets.word_vocabulary import WordVocabulary, count_words, dataset_words, split_words
from mmcomp.errors import ConfigError, DataError
from mmcomp.structures.word_list import read_words

TEXTS = ['The cat  sat.', 'the\u3000CAT x\x1cİ\u2028ß ΑΣ', '\t\xa0', '', 'a\x85b\x1fc\u200bd']
COUNTS = Counter(dict(b=2, a=2, c=5, d=1, e=1))


@pytest.mark.parametrize('lower_case', [True, False])
def test_a_fitted_vocabulary_knows_every_word_of_its_texts(lower_case):
    counts = count_words(TEXTS, [lambda text: text.replace('.', ' .')], lower_case)
    tokenizer = build_tokenizer(dict(type='Words', vocab=WordVocabulary(counts).words, lower_case=lower_case))
    encoded = [tokenizer.encode(text.replace('.', ' .')) for text in TEXTS]
    assert not any(token == 1 for encoding in encoded for token in encoding.ids)
    assert Counter(word for encoding in encoded for word in encoding.tokens) == counts
    assert counts['cat'] == 1 + lower_case


def test_splitting_as_the_tokenizer_does():
    splitter = build_tokenizer(dict(type='Words', vocab=['[PAD]', '[UNK]'])).pre_tokenizer
    everywhere = ''.join(f'a{chr(code)}' for code in range(0x3001))
    for text in (*TEXTS, everywhere, everywhere.translate(dict.fromkeys(range(0x1c, 0x20)))):
        assert split_words(text) == [word for word, _ in splitter.pre_tokenize_str(text)]


def test_order_and_limits():
    assert WordVocabulary(COUNTS).words == ['[PAD]', '[UNK]', 'c', 'a', 'b', 'd', 'e']
    assert WordVocabulary(COUNTS, min_count=2).words[2:] == ['c', 'a', 'b']
    few = WordVocabulary(COUNTS, max_features=2, known=lambda words: set(words) - {'a'})
    assert few.words[2:] == ['c', 'b'] and len(few) == 4 and few.coverage == 7 / 11
    for how in (dict(min_count=0), dict(max_features=0)):
        with pytest.raises(ConfigError, match='at least 1'):
            WordVocabulary(COUNTS, **how)
    with pytest.raises(DataError, match='none of 5 words is left'):
        WordVocabulary(COUNTS, min_count=9)


def test_words_of_a_data_set_and_more_tables(tmp_path):
    pd.DataFrame(dict(title=['Ab', 'x'], body=["c'd", 'X'])).to_csv(tmp_path / 'train.csv', index=False)
    pd.DataFrame(dict(title=['x'], body=['new'])).to_csv(tmp_path / 'test.csv', index=False)
    cfg = dict(type='TabularTextDataset', ann_file='train.csv', data_root=str(tmp_path), text_col=['title', 'body'],
               text_transforms=[dict(type='IsolateSymbols')], target_col='label',
               tokenizer=dict(type='Words', vocab=str(tmp_path / 'words.txt'), lower_case=True))
    assert dataset_words(cfg) == Counter(dict(x=2, ab=1, c=1, d=1) | {"'": 1})
    counts = dataset_words(cfg, [str(tmp_path / 'test.csv')])
    assert counts['x'] == 3 and counts['new'] == 1
    WordVocabulary(counts).write(tmp_path / 'words.txt')
    assert read_words(tmp_path / 'words.txt') == ['[PAD]', '[UNK]', 'x', "'", 'ab', 'c', 'd', 'new']
    with pytest.raises(ConfigError, match='Words'):
        dataset_words(dict(cfg, tokenizer=dict(type='WordPiece', vocab=['[UNK]'])))
