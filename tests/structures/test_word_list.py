"""Words come back as they were, whatever else could end a line."""
import pytest

from mmcomp.errors import DataError
from mmcomp.structures.word_list import read_words, write_words


def test_round_trip(tmp_path):
    words = ['[PAD]', '[UNK]', 'a\rb', 'c\u2028d', 'e\x85', '猫', '']
    write_words(tmp_path / 'words.txt', words)
    assert read_words(tmp_path / 'words.txt') == words
    with pytest.raises(DataError, match='ends of lines'):
        write_words(tmp_path / 'words.txt', ['a\nb'])
    assert read_words(tmp_path / 'words.txt') == words
    with pytest.raises(DataError, match='fit_vocabulary'):
        read_words(tmp_path / 'nowhere.txt')
