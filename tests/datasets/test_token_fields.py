"""Fields tokenised once."""
import numpy as np

from mmcomp.datasets import token_cache
from mmcomp.datasets.token_fields import TokenFields, around
from mmcomp.datasets.tokenizing import build_tokenizer

WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', *'标题语音']
TEXTS = dict(title=['标题', ''], asr=['语', '音音'])


def test_ids_by_field(tmp_path, monkeypatch):
    tokenizer = build_tokenizer(dict(type='WordPiece', vocab=WORDS))
    fields = TokenFields(TEXTS, tokenizer, cache_dir=str(tmp_path))
    assert {name: ids.tolist() for name, ids in fields[0].items()} == dict(title=[4, 5], asr=[6])
    assert {name: n.tolist() for name, n in fields.lengths(np.array([1, 0])).items()} == dict(title=[0, 2], asr=[2, 1])
    monkeypatch.setattr(token_cache, 'tokenise', None)
    assert TokenFields(TEXTS, tokenizer, cache_dir=str(tmp_path))[1]['asr'].tolist() == [7, 7]


def test_what_stands_around():
    found = around(build_tokenizer(dict(type='WordPiece', vocab=WORDS)))
    assert [part.tolist() for part in found[:3]] == [[2], [3], [3]] and found.stand_in == 3
    bare = around(build_tokenizer(dict(type='WordPiece', vocab=['[UNK]', 'a'])))
    assert [len(part) for part in bare[:3]] == [0, 0, 0] and bare.stand_in == 0


def test_transforms_of_texts():
    tokenizer = build_tokenizer(dict(type='WordPiece', vocab=WORDS))
    fields = TokenFields(TEXTS, tokenizer, [dict(type='DeleteCharacters', characters='标')])
    assert fields[0]['title'].tolist() == [5]
