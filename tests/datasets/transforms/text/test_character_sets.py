"""Named sets have what a reader would put into them, and tables of them do what a loop does."""
import pickle
import string

import pytest

from mmcomp.datasets import DeleteCharacters, IsolateSymbols
from mmcomp.datasets.transforms.text.character_sets import SETS
from mmcomp.errors import ConfigError

MEMBERS = dict(
    emoji='😀🇩🏽❤☕⭐✈\ufe0f\u20e3', invisible='\u200b\u200d\ufeff\xad\u202e\x00\x96\u2800\u3164',
    private='\ue000\uf8ff\ud800\U0010ffff', foreign_letters='Жнن月猫カαΩ٣가', symbols='.,\'"_-…“”’—€£™©²½→■，')
NOWHERE = 'azAZ09àßœµªᴀﬁＡ１𝐧 \n\t\xa0'


@pytest.mark.parametrize('name', SETS)
def test_members(name):
    assert [c for c in MEMBERS[name] if not SETS[name](c)] == []
    assert [c for c in NOWHERE if SETS[name](c)] == []
    assert [c for c in string.punctuation if SETS[name](c)] == ([*string.punctuation] if name == 'symbols' else [])


def test_sets_and_characters_and_exceptions_together():
    delete = DeleteCharacters('x', sets=['emoji', 'foreign_letters', 'invisible'], keep='猫')
    isolate = IsolateSymbols(sets=['symbols'], keep="'’")
    text = 'ax\u200bЖ 猫😀, don’t it\'s é“£5”'
    assert delete(text) == "a 猫, don’t it's é“£5”"
    assert isolate(delete(text)) == "a 猫 ,  don’t it's é “  £ 5 ” "
    for transform in (delete, isolate):
        assert pickle.loads(pickle.dumps(transform))(text) == transform(text)


def test_an_unknown_set():
    with pytest.raises(ConfigError, match='Did you mean `emoji`'):
        IsolateSymbols(sets=['emojis'])
