import importlib

import pytest

from mmcomp.apis import formatter


def test_a_half_written_grammar_is_waited_for(monkeypatch):
    asked = []

    def load(name):
        asked.append(name)
        if len(asked) < 3:
            raise EOFError('Ran out of input')
        return importlib.__import__(name)

    monkeypatch.setattr(formatter.importlib, 'import_module', load)
    formatter.load_formatter()
    assert asked == ['yapf'] * 3
    with pytest.raises(EOFError):
        asked.clear()
        formatter.load_formatter(seconds=0)
