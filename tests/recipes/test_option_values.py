import pytest

from mmcomp.recipes.option_values import read_value


@pytest.mark.parametrize(('text', 'value'), [
    ('3', 3), ('.5', .5), ('1e-4', 1e-4), ('true', True), ('False', False), ('None', None), ('[1, 2]', [1, 2]),
    ('[a1,a2]', ['a1', 'a2']), ('word', 'word'), ("'3'", '3'), ('a b', 'a b'), ('{"a": 1}', {'a': 1}), ('[]', []),
    ('__import__("os")', '__import__("os")')])
def test_values(text, value):
    assert read_value(text) == value and type(read_value(text)) is type(value)
