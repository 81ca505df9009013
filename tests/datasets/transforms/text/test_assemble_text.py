"""Fields put together."""
import numpy as np
import pytest

from mmcomp.datasets.token_fields import Around
from mmcomp.errors import ConfigError, DataError
from mmcomp.registry import TRANSFORMS

AROUND = Around(np.array([101], np.int32), np.array([102], np.int32), np.array([102], np.int32), 0)
FIELDS = dict(title=np.arange(1, 4), asr=np.arange(11, 19), ocr=np.arange(21, 27))  # 3, 8 and 6 tokens


def tokens(fields=FIELDS, **kwargs):
    found = TRANSFORMS.build(dict(type='AssembleText', **kwargs))(dict(fields=fields, around=AROUND))['tokens']
    assert found.dtype == np.int32
    return found.tolist()


def test_concatenated_and_cut_at_the_end():
    whole = [101, 1, 2, 3, *range(11, 19), *range(21, 27), 102]
    assert tokens() == whole and tokens(max_length=8) == [*whole[:7], 102]
    assert tokens(fields=dict(FIELDS, asr=np.arange(0)), max_length=8) == [101, 1, 2, 3, 21, 22, 23, 102]
    assert tokens(fields=dict(title=np.arange(0))) == [101, 102]


def test_policies():
    assert tokens(policy='quota', budgets=dict(title=2, asr=3, ocr=9), separate=True) == [
        101, 1, 2, 102, 11, 12, 13, 102, *range(21, 27), 102]
    cut = dict(policy='priority', priority=['title', 'asr', 'ocr'], sides=dict(ocr='tail'), max_length=15)
    assert tokens(**cut) == [101, 1, 2, 3, *range(11, 19), 25, 26, 102], 'the least important is cut, and keeps its end'
    assert tokens(policy='priority', priority=['ocr', 'title', 'asr'], max_length=12) == [
        101, 1, 2, 3, 11, *range(21, 27), 102]
    assert tokens(policy='longest_first', max_length=11) == [101, 1, 2, 3, 11, 12, 13, 21, 22, 23, 102]
    assert tokens(policy='guarantee', budgets=dict(title=4, asr=2, ocr=2), max_length=11) == [
        101, 1, 2, 3, 11, 12, 13, 14, 21, 22, 102]
    assert tokens(policy='quota', budgets=dict(title=2, asr=4, ocr=2), sides='head_tail') == [
        101, 1, 3, 11, 12, 17, 18, 21, 26, 102]


def test_lengths_are_those_of_the_samples():
    rng = np.random.default_rng(0)
    samples = [{name: np.arange(rng.integers(0, 12)) for name in FIELDS} for _ in range(60)]
    lengths = {name: np.array([len(sample[name]) for sample in samples]) for name in FIELDS}
    budgets = dict(title=3, asr=4, ocr=2)
    for cfg in (dict(), dict(max_length=9), dict(policy='quota', budgets=budgets, max_length=None, separate=True),
                dict(policy='quota', budgets=budgets, max_length=8), dict(policy='longest_first', max_length=12),
                dict(policy='guarantee', budgets=budgets, max_length=14, separate=True),
                dict(policy='priority', priority=['ocr', 'title', 'asr'], max_length=7)):
        transform = TRANSFORMS.build(dict(type='AssembleText', **cfg))
        found = transform.lengths(lengths, AROUND)
        assert found.tolist() == [len(tokens(sample, **cfg)) for sample in samples], cfg


def test_without_special_tokens_nothing_is_empty():
    none = np.empty(0, np.int32)
    transform = TRANSFORMS.build(dict(type='AssembleText'))
    around = Around(none, none, none, 7)
    assert transform(dict(fields=dict(title=none), around=around))['tokens'].tolist() == [7]
    assert transform.lengths(dict(title=np.array([0, 3])), around).tolist() == [1, 3]


def test_settings():
    for wrong in (dict(policy='longest'), dict(policy='quota'), dict(budgets=dict(title=1)), dict(max_length=0),
                  dict(sides='middle'), dict(priority=['title'])):
        with pytest.raises(ConfigError):
            tokens(**wrong)
    for wrong in (dict(sides=dict(tilte='tail')), dict(policy='quota', budgets=dict(title=1))):
        with pytest.raises(DataError, match='fields'):
            tokens(**wrong)
    with pytest.raises(ConfigError, match='at least 9'):
        tokens(policy='guarantee', budgets=dict(title=3, asr=2, ocr=2), max_length=8)
