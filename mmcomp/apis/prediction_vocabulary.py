"""The vocabulary of what is predicted, in the place of that of the training.

Frozen word vectors are not of the model, so its weights fit any vocabulary over
the same store: words that the training never saw have their vectors, and a
table holds those of the test set's words alone.
"""
from collections.abc import Iterator, Mapping, Sequence

from mmengine.config import Config
from mmengine.dist import get_rank

from mmcomp.datasets.word_vocabulary import WordVocabulary, dataset_words
from mmcomp.errors import ConfigError, fault
from mmcomp.structures.embedding_store import EmbeddingStore

ENCODER = 'BiLSTMEncoder'


def rebuild_vocabulary(configs: Sequence[Config], dataset: dict) -> None:
    """Fit the vocabulary on the texts to predict, for their tokenizer and all encoders, in place.

    The words are those with a vector; all others are unknown, as they were in
    the training: there too they had the vector of the unknown word. Every rank
    comes to the same list.

    Args:
        configs: Whole configs of models that read the same data, the first with
            ``vocabulary = dict(rebuild=True)``; ``min_count`` and
            ``max_features`` may stand beside.
        dataset: What is predicted, as :func:`mmcomp.apis.prediction_data.dataset_config` says.

    Raises:
        ConfigError: If the model has no frozen word vectors from a store.
    """
    # Several checkpoints of one config have it in common.
    configs = list({id(config): config for config in configs}.values())
    encoders = [encoder for config in configs for encoder in _frozen_encoders(config)]
    sources = {(str(encoder.store), encoder.get('case_fallback', True)) for encoder in encoders}
    limits = {key: value for key, value in configs[0].vocabulary.items() if key != 'rebuild'}

    def known(words: list[str]) -> set[str]:
        return set().union(*(EmbeddingStore(store).known(words, fallback) for store, fallback in sources))

    vocabulary = WordVocabulary(dataset_words(dataset), known=known, **limits)
    if get_rank() == 0:
        print(f'vocabulary of what is predicted: {len(vocabulary)} words, {100 * vocabulary.coverage:.2f} % of it')
    for config in configs:
        config.test_dataloader.dataset.tokenizer.vocab = vocabulary.words
    for encoder in encoders:
        encoder.vocab = vocabulary.words


def _frozen_encoders(cfg: Config) -> list[Mapping]:
    found = list(_encoders(cfg.model))
    if not found or not all(encoder.get('frozen', True) and encoder.get('store') for encoder in found):
        raise ConfigError(fault(cfg.filename or 'config', 'vocabulary.rebuild', f'of a model with frozen vectors of a '
                                f'`store` in its {ENCODER}: vectors that were trained are of one vocabulary alone',
                                True, 'Set rebuild=False.'))
    return found


def _encoders(node: object) -> Iterator[Mapping]:
    """Configs of encoders anywhere in that of a model."""
    if isinstance(node, Mapping):
        if node.get('type') == ENCODER:
            yield node
        for child in node.values():
            yield from _encoders(child)
    elif isinstance(node, (list, tuple)):
        for child in node:
            yield from _encoders(child)
