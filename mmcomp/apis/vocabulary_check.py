"""Whether a model has a vector for every token of its data and every place of one, found out before the first step."""
from collections.abc import Mapping

from mmengine.config import Config
from torch import nn

from mmcomp.datasets.tokenizing import build_tokenizer, vocabulary_size
from mmcomp.errors import ConfigError, fault
from mmcomp.models.backbones.huggingface_text_encoder import HuggingFaceTextEncoder
from mmcomp.models.vocabulary_embedding import VocabularyEmbedding, words_digest


def refuse_larger_vocabulary(model: nn.Module, cfg: Config, loader: str) -> None:
    """Refuse a tokenizer that knows more tokens than the model has vectors for, a list of words that is another one
    than that of the model's word vectors, or texts cut longer than it has positions; a GPU would fail far from the
    cause, learn nonsense, or fail at the first long text.

    Args:
        model: Of the config, perhaps wrapped for several ranks.
        cfg: Its data loader names the tokenizer, if there is one.
        loader: Name of the loader.

    Raises:
        ConfigError: With both numbers, or both lists.
    """
    dataset = (cfg.get(loader) or {}).get('dataset')
    while dataset is not None and dataset.get('dataset') is not None:
        dataset = dataset['dataset']
    tokenizer, vectors = (dataset or {}).get('tokenizer'), word_vectors(model)
    _refuse_longer_texts(model, cfg, loader, (dataset or {}).get('max_length'))
    if isinstance(tokenizer, Mapping) and tokenizer.get('type') == 'Words':
        _refuse_other_words(model, cfg, loader, tokenizer)
    if not isinstance(tokenizer, Mapping) or vectors is None:
        return
    needed = vocabulary_size(build_tokenizer(dict(tokenizer)))
    if needed > vectors:
        raise ConfigError(fault(cfg.filename or 'config', 'vocabulary of the model', f'at least {needed}, the tokens '
                                f'of the tokenizer of {loader}', vectors, 'Take the tokenizer that the model was '
                                'trained with, or raise `vocab_size` of a model that starts from nothing.'))


def _refuse_longer_texts(model: nn.Module, cfg: Config, loader: str, longest: int | None) -> None:
    backbone = getattr(getattr(model, 'module', model), 'backbone', None)
    if longest and isinstance(backbone, HuggingFaceTextEncoder) and longest > (backbone.positions or longest):
        raise ConfigError(fault(cfg.filename or 'config', f'max_length of {loader}',
                                f'at most {backbone.positions}, the positions of the model', longest,
                                'Lower it, or take a model for longer texts.'))


def _refuse_other_words(model: nn.Module, cfg: Config, loader: str, tokenizer: Mapping) -> None:
    embeddings = [module for module in model.modules() if isinstance(module, VocabularyEmbedding)]
    if not embeddings:
        return
    ids = build_tokenizer(dict(tokenizer)).get_vocab()
    digest = words_digest(sorted(ids, key=ids.get))
    for embedding in embeddings:
        if embedding.words_digest != digest:
            own = tokenizer['vocab'] if isinstance(tokenizer['vocab'], str) else 'a list'
            raise ConfigError(fault(cfg.filename or 'config', 'vocab of the model', f'the {len(ids)} words of the '
                                    f'tokenizer of {loader} ({own}), in their order', f'{embedding.num_words} words, '
                                    'others or in another order', 'Name the same file in both.'))


def word_vectors(model: nn.Module) -> int | None:
    """How many tokens a text model of Hugging Face knows; None for other models."""
    backbone = getattr(getattr(model, 'module', model), 'backbone', None)
    inner = getattr(backbone, 'model', None)
    if not hasattr(inner, 'get_input_embeddings'):
        return None
    table = inner.get_input_embeddings()
    return table.num_embeddings if isinstance(table, nn.Embedding) else None
