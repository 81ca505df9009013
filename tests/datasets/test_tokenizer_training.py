"""What is learned tokenizes as the tokenizers of the published models do."""
import pytest

from mmcomp.datasets.tokenizer_training import train_tokenizer
from mmcomp.datasets.tokenizing import build_tokenizer, special_tokens, vocabulary_size
from mmcomp.errors import ConfigError

TEXTS = ['A fine day by the sea', 'the finest sea of all', 'fine, fine days'] * 20


@pytest.mark.parametrize('kind, before, after', [('WordPiece', [2], [3]), ('ByteLevelBPE', [], [])])
def test_it_goes_through_its_file(tmp_path, kind, before, after):
    train_tokenizer(TEXTS, kind, 320).save(str(tmp_path / 'tokenizer.json'))
    tokenizer = build_tokenizer(dict(file=str(tmp_path / 'tokenizer.json')))
    assert [list(part) for part in special_tokens(tokenizer)] == [before, after]
    assert vocabulary_size(tokenizer) <= 320
    ids = tokenizer.encode('fine sea', add_special_tokens=False).ids
    assert len(ids) == 2 and tokenizer.decode(ids).strip() == 'fine sea'
    assert tokenizer.token_to_id('[PAD]' if before else '<|endoftext|>') == 0
    assert train_tokenizer(TEXTS, kind, 320).get_vocab() == tokenizer.get_vocab()


def test_wrong_settings_are_told():
    with pytest.raises(ConfigError, match='Did you mean `WordPiece`'):
        train_tokenizer(TEXTS, 'Wordpiece')
