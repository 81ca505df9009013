"""A frozen table is not of the checkpoint, and fits any vocabulary; a trained one is a parameter."""
import numpy as np
import pytest
import torch

from mmcomp.errors import CheckpointError, ConfigError
from mmcomp.models.vocabulary_embedding import VocabularyEmbedding
from mmcomp.structures.embedding_building import build_embeddings
from mmcomp.structures.word_list import write_words

VOCAB = ['[PAD]', '[UNK]', 'cat', 'Dog', 'nowhere']


@pytest.fixture
def store(tmp_path):
    (tmp_path / 'v.txt').write_text('[PAD] 9 9 9\ncat .1 2 3\ndog 4 5 6\n')
    build_embeddings([tmp_path / 'v.txt'], tmp_path / 'store', tell=lambda line: None)
    return str(tmp_path / 'store')


def test_vectors_by_hand(store, tmp_path):
    write_words(tmp_path / 'words.txt', VOCAB)
    for vocab in (VOCAB, str(tmp_path / 'words.txt')):
        layer = VocabularyEmbedding(vocab, store)
        found = layer(torch.tensor([[2, 3, 0], [4, 1, 2]]))
        cat, dog, nothing = np.float16([.1, 2, 3]).tolist(), [4., 5., 6.], [0.] * 3
        assert found.tolist() == [[cat, dog, nothing], [nothing, nothing, cat]] and found.dtype == torch.float32
    assert VocabularyEmbedding(VOCAB, store, case_fallback=False)(torch.tensor(3)).tolist() == nothing
    mean = VocabularyEmbedding(VOCAB, store, oov='mean')(torch.tensor([1, 0]))
    np.testing.assert_allclose(mean, [np.mean([[9, 9, 9], [.1, 2, 3], [4, 5, 6]], axis=0), [0] * 3], rtol=1e-3)


def test_what_a_checkpoint_holds(store):
    frozen = VocabularyEmbedding(VOCAB, store)
    assert list(frozen.state_dict()) == ['store_digest'] and list(frozen.parameters()) == []
    assert frozen.table.dtype == torch.float16
    trained = VocabularyEmbedding(VOCAB, store, frozen=False)
    torch.testing.assert_close(trained(torch.arange(5)), frozen(torch.arange(5)))
    trained(torch.arange(5)).sum().backward()
    assert trained.weight.grad.sum(dim=1).tolist() == [0, 3, 3, 3, 3], 'padding is not trained'
    with pytest.raises(CheckpointError, match='were trained'):
        frozen.load_state_dict(trained.state_dict())


def test_other_vectors_than_those_of_the_training_are_refused(store, tmp_path):
    (tmp_path / 'v.txt').write_text('[PAD] 9 9 9\ncat .1 2 3\ndog 4 5 7\n')
    build_embeddings([tmp_path / 'v.txt'], tmp_path / 'other', tell=lambda line: None)
    one, other = VocabularyEmbedding(VOCAB, store), VocabularyEmbedding(VOCAB, tmp_path / 'other')
    VocabularyEmbedding(VOCAB[:3], store).load_state_dict(one.state_dict())
    with pytest.raises(CheckpointError, match='the word vectors that the checkpoint was trained on'):
        other.load_state_dict(one.state_dict())


@pytest.mark.parametrize('how', [dict(), dict(width=3), dict(width=3, store='somewhere', frozen=False)])
def test_random_vectors_are_trained(how):
    with pytest.raises(ConfigError, match='or a width with frozen=False'):
        VocabularyEmbedding(VOCAB, **how)
    assert not VocabularyEmbedding(VOCAB, width=3, frozen=False)(torch.tensor(0)).any()
