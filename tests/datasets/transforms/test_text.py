import numpy as np
import pytest

from mmcomp.errors import ConfigError
from mmcomp.registry import TRANSFORMS


@pytest.mark.parametrize(('cfg', 'text', 'expected'), [
    (dict(type='IsolateSymbols'), "it's,no", "it ' s , no"),
    (dict(type='IsolateSymbols', symbols='…'), 'a…b,', 'a … b,'),
    (dict(type='DeleteCharacters', characters='\u200bé'), 'a\u200bbé', 'ab'),
    (dict(type='DeleteCharacters', sets=['emoji']), 'a😀b', 'ab'),
    (dict(type='LowerCase'), 'ÀB', 'àb'),
    (dict(type='NormalizeUnicode'), 'ﬁ𝐧ｅ', 'fine'),
    (dict(type='NormalizeUnicode', form='NFD'), 'é', 'e\u0301'),
])
def test_text_transforms(cfg, text, expected):
    assert TRANSFORMS.build(cfg)(text) == expected


@pytest.mark.parametrize('cfg', [dict(type='IsolateSymbols', symbols=''), dict(type='DeleteCharacters', characters=''),
                                 dict(type='NormalizeUnicode', form='NFX')])
def test_what_is_wrong_is_named(cfg):
    with pytest.raises(ConfigError, match='must be one'):
        TRANSFORMS.build(cfg)


def test_a_share_of_the_inner_tokens_is_masked():
    np.random.seed(0)
    before = np.arange(10, 2010, dtype=np.int32)
    after = TRANSFORMS.build(dict(type='MaskTokens', mask_id=4, share=.3))(dict(tokens=before))['tokens']
    assert after.dtype == np.int32 and len(after) == 2000 and (after[[0, -1]] == before[[0, -1]]).all()
    assert (after == 4).mean() == pytest.approx(.3, abs=.03) and (after[after != 4] == before[after != 4]).all()
    assert (before == np.arange(10, 2010)).all(), 'what the cache holds stays'


def test_masks_of_short_texts_and_wrong_shares():
    mask = TRANSFORMS.build(dict(type='MaskTokens', mask_id=4, share=1.))
    assert [mask(dict(tokens=np.arange(n, dtype=np.int32)))['tokens'].tolist() for n in (1, 2, 3)] == [
        [0], [0, 1], [0, 4, 2]]
    with pytest.raises(ConfigError, match='share'):
        TRANSFORMS.build(dict(type='MaskTokens', mask_id=4, share=1.5))
