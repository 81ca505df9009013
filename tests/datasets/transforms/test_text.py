import pytest

from mmcomp.errors import ConfigError
from mmcomp.registry import TRANSFORMS


@pytest.mark.parametrize(('cfg', 'text', 'expected'), [
    (dict(type='IsolateSymbols'), "it's,no", "it ' s , no"),
    (dict(type='IsolateSymbols', symbols='…'), 'a…b,', 'a … b,'),
    (dict(type='DeleteCharacters', characters='\u200bé'), 'a\u200bbé', 'ab'),
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
