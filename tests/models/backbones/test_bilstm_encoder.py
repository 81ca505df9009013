"""Equal to torch's LSTM sequence by sequence; the size of the published model; vocabularies change under it."""
import numpy as np
import pytest
import torch
from torch import nn

from mmcomp.errors import DataError
from mmcomp.models.backbones import BiLSTMEncoder
from mmcomp.registry import MODELS
from mmcomp.structures.embedding_building import build_embeddings

WORDS = [f'w{n}' for n in range(12)]
ROWS = [[2, 3, 4, 5, 6], [7], [8, 9, 2]]


@pytest.fixture(scope='module')
def store(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp('vectors'), np.random.default_rng(0)
    for name, width in (('crawl', 3), ('glove', 2)):
        lines = [' '.join([word, *(f'{x:.3f}' for x in rng.normal(size=width))]) for word in WORDS]
        (folder / f'{name}.txt').write_text('\n'.join(lines))
    build_embeddings([folder / 'crawl.txt', folder / 'glove.txt'], folder / 'store', tell=lambda line: None)
    return str(folder / 'store')


def batch(width=5, rows=ROWS):
    mask = torch.arange(width) < torch.tensor([[len(row)] for row in rows])
    ids = torch.full(mask.shape, 3)  # noise where the mask says padding
    for i, row in enumerate(rows):
        ids[i, :len(row)] = torch.tensor(row, dtype=torch.long)
    return dict(ids=ids, mask=mask)


@pytest.mark.parametrize('width', [5, 9])
def test_a_padded_batch_equals_one_sequence_at_a_time(store, width):
    torch.manual_seed(0)
    vocab = ['[PAD]', '[UNK]', *WORDS]
    encoder = BiLSTMEncoder(vocab, store, hidden_channels=4).eval()
    reference = nn.LSTM(5, 4, 2, bidirectional=True)
    reference.load_state_dict(encoder.lstm.state_dict())
    table = nn.Embedding.from_pretrained(encoder.embedding.table.float())
    with torch.no_grad():
        found = encoder(batch(width))
        for i, row in enumerate(ROWS):
            expected, _ = reference(table(torch.tensor(row)))
            torch.testing.assert_close(found.tokens[i, :len(row)], expected)
    assert encoder.out_channels == 8 and found.lengths.tolist() == [5, 1, 3] and found.tokens.shape[1] == width
    assert not found.tokens[~found.mask].any()


def test_the_published_size():
    model = MODELS.build(dict(
        type='SequenceClassifier', backbone=dict(type='BiLSTMEncoder', vocab=['[PAD]', 'a'], width=600, frozen=False),
        neck=dict(type='ResidualDense', in_channels=512), head=dict(type='BinaryTasksHead', num_classes=7,
                                                                   in_channels=512)))
    sizes = {name: sum(p.numel() for p in part.parameters()) for name, part in (
        ('lstm', model.backbone.lstm), ('dense', model.neck), ('head', model.head))}
    # Torch has two biases a gate where Keras has one.
    layers = [2 * 4 * 128 * (width + 128 + 2) for width in (600, 256)]
    assert layers == [747_520, 395_264] and sizes == dict(lstm=sum(layers), dense=525_312, head=3_591)
    assert sum(sizes.values()) / 1e6 == pytest.approx(1.67, abs=.005)


def test_dropout_is_of_whole_channels_of_a_text(store):
    torch.manual_seed(0)
    encoder = BiLSTMEncoder(['[PAD]', '[UNK]', *WORDS], store, hidden_channels=4, spatial_dropout=.5)
    seen = []
    encoder.lstm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    encoder(batch())
    vectors = nn.utils.rnn.pad_packed_sequence(seen[0], batch_first=True)[0]
    dropped = (vectors[0] == 0).all(dim=0)
    assert 0 < dropped.sum() < 5 and vectors[0][:, ~dropped].all()
    plain = encoder.embedding(batch()['ids'])[0]
    torch.testing.assert_close(vectors[0][:, ~dropped], 2 * plain[:, ~dropped])


@pytest.mark.parametrize('oov', ['zero', 'mean'])
def test_another_vocabulary_changes_nothing_for_shared_words(store, oov):
    """The table of the test set's words in place of that of the training's: spec of every frozen embedding."""
    torch.manual_seed(0)
    trained = ['[PAD]', '[UNK]', *WORDS[:8], 'nowhere']
    other = ['[PAD]', '[UNK]', *WORDS[::-1]]
    one, two = (BiLSTMEncoder(vocab, store, hidden_channels=4, oov=oov).eval() for vocab in (trained, other))
    two.load_state_dict(one.state_dict(), strict=True)
    texts = [WORDS[:5], ['nowhere', 'w3', 'never', 'w0'], WORDS[7:8], []]

    def encoded(encoder, vocab):
        at = {word: row for row, word in enumerate(vocab)}
        with torch.no_grad():
            return encoder(batch(rows=[[at.get(word, 1) for word in text] for text in texts])).tokens

    torch.testing.assert_close(encoded(two, other), encoded(one, trained), rtol=0, atol=0)
    assert [name for name in one.state_dict() if 'embedding' in name] == ['embedding.store_digest']


def test_padding_before_words_is_refused(store):
    encoder = BiLSTMEncoder(['[PAD]', '[UNK]', *WORDS], store, hidden_channels=4)
    inputs = batch()
    with pytest.raises(DataError, match='padding before words'):
        encoder(dict(inputs, mask=inputs['mask'].flip(1)))
