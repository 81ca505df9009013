"""What is left of a text."""
import pytest

from mmcomp.errors import ConfigError
from mmcomp.registry import TRANSFORMS


def made(**kwargs):
    return TRANSFORMS.build(dict(type='KeepCharacters', **kwargs))


def test_kept():
    assert made()('abc 你好，世界！1 ~^🙂“㐀”') == '你好，世界！“㐀”'
    assert made(also=' ]^-')('a-[你] ^b') == '-你] ^'
    assert made(ranges=[['a', 'c'], [0x30, 0x39]])('abcdef 1234') == 'abc1234'


def test_settings():
    for wrong in ([['b', 'a']], [['a']], []):
        with pytest.raises(ConfigError, match='ranges'):
            made(ranges=wrong)
