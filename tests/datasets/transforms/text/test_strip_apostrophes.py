"""Words that somebody quoted are found in a list of words."""
import pytest

from mmcomp.datasets import StripApostrophes


@pytest.mark.parametrize(('text', 'expected'), [
    ("'word' it 's o'clock ''x \n'y", "word' it s o'clock 'x \ny"), ("a ' b", 'a  b'), ("'", ''), ('', '')])
def test_one_apostrophe_a_word(text, expected):
    assert StripApostrophes()(text) == expected
