"""A tokenizer with more tokens than the model has vectors is told at once, not by a failing step."""
import pytest
from mmengine.config import Config

from mmcomp.apis.building import build
from mmcomp.apis.vocabulary_check import refuse_larger_vocabulary, word_vectors
from mmcomp.errors import ConfigError

SMALL = dict(model_type='bert', vocab_size=6, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
             intermediate_size=8)


def made(words):
    return Config(dict(train_dataloader=dict(dataset=dict(
        type='SeededDataset', dataset=dict(type='TabularTextDataset', tokenizer=dict(type='WordPiece', vocab=words))))))


def test_it():
    model = build(dict(
        type='SequenceClassifier', backbone=dict(type='HuggingFaceTextEncoder', config=SMALL),
        neck=dict(type='SequencePooling'), head=dict(type='DropoutLinearHead', num_classes=2, in_channels=8)))
    assert word_vectors(model) == 6
    refuse_larger_vocabulary(model, made(['[UNK]', *'abcde']), 'train_dataloader')
    with pytest.raises(ConfigError, match='at least 7, the tokens of the tokenizer of train_dataloader; got 6'):
        refuse_larger_vocabulary(model, made(['[UNK]', *'abcdef']), 'train_dataloader')
    refuse_larger_vocabulary(model, Config(dict(train_dataloader=dict(dataset=dict(type='X')))), 'train_dataloader')
    refuse_larger_vocabulary(model.head, made(['[UNK]']), 'train_dataloader')


def test_texts_longer_than_the_model():
    model = build(dict(
        type='SequenceClassifier', backbone=dict(type='HuggingFaceTextEncoder',
                                                 config=dict(SMALL, max_position_embeddings=16)),
        neck=dict(type='SequencePooling'), head=dict(type='DropoutLinearHead', num_classes=2, in_channels=8)))
    cfg = made(['[UNK]', *'abcde'])
    for longest in (None, 16):
        cfg.train_dataloader.dataset.dataset.max_length = longest
        refuse_larger_vocabulary(model, cfg, 'train_dataloader')
    cfg.train_dataloader.dataset.dataset.max_length = 17
    with pytest.raises(ConfigError, match='max_length of train_dataloader` must be at most 16, the positions .*got 17'):
        refuse_larger_vocabulary(model, cfg, 'train_dataloader')


def test_words_of_another_list_or_order():
    words = ['[PAD]', '[UNK]', 'good', 'bad']
    model = build(dict(
        type='SequenceClassifier', backbone=dict(type='BiLSTMEncoder', vocab=words, width=4, frozen=False,
                                                 hidden_channels=2),
        neck=dict(type='SequencePooling'), head=dict(type='DropoutLinearHead', num_classes=2, in_channels=4)))

    def check(vocab):
        cfg = Config(dict(val_dataloader=dict(dataset=dict(tokenizer=dict(type='Words', vocab=vocab)))))
        refuse_larger_vocabulary(model, cfg, 'val_dataloader')

    check(words)
    for other in (words[:3], [*words[:2], 'bad', 'good'], [*words, 'new']):
        with pytest.raises(ConfigError, match=f'the {len(other)} words of the tokenizer of val_dataloader.*4 words'):
            check(other)
