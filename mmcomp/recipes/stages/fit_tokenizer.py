"""Vocabularies of the texts at hand."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, config_file, takes


@STAGES.register_module()
@dataclass(frozen=True)
class FitTokenizer(Stage):
    """A tokenizer learned from tables, for ``tokenizer=dict(file='@stage')`` of a model that starts from nothing.

    Args:
        tables: Their texts are read.
        text_col: Column of the texts.
        kind, size, min_count, lower_case: See :func:`mmcomp.datasets.tokenizer_training.train_tokenizer`.
    """
    outputs = dict(tokenizer=Output('file', 'tokenizer.json'))
    uses_torch = True  # the data sets' package loads it
    tables: Sequence[str] = takes('file', many=True)
    text_col: str = 'text'
    kind: str = 'WordPiece'
    size: int = 8000
    min_count: int = 2
    lower_case: bool = True

    def run(self, site: Site) -> str:
        from mmcomp.datasets.tokenizer_training import train_tokenizer
        from mmcomp.files import atomic_path
        from mmcomp.tabular import read_columns
        texts = [text for table in self.tables for text in read_columns(table, [self.text_col])[self.text_col]]
        tokenizer = train_tokenizer(texts, self.kind, self.size, self.min_count, self.lower_case)
        with atomic_path(site.folder / 'tokenizer.json') as path:
            tokenizer.save(str(path))
        return f'{tokenizer.get_vocab_size()} tokens from {len(texts)} texts'


@STAGES.register_module()
@dataclass(frozen=True)
class FitVocabulary(Stage):
    """The words of a config's training texts, as ``mmcomp fit_vocabulary`` finds them.

    Args:
        config: Of a text data set with ``tokenizer=dict(type='Words')``.
        also: Further tables with the same text columns.
        min_count: Rarer words are unknown.
        max_features: Most words.
        options: Changes to the config, nested as it is; may hold references.
    """
    outputs = dict(words=Output('file', 'words.txt'))
    uses_torch = True
    config: str = config_file()
    also: Sequence[str] | None = takes('file', many=True, optional=True)
    min_count: int = 1
    max_features: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def run(self, site: Site) -> str:
        from mmcomp.apis import load_config
        from mmcomp.datasets.word_vocabulary import WordVocabulary, dataset_words
        dataset = load_config(self.config, self.options).train_dataloader.dataset.to_dict()
        vocabulary = WordVocabulary(dataset_words(dataset, list(self.also or ())), self.min_count, self.max_features)
        vocabulary.write(site.folder / 'words.txt')
        return f'{len(vocabulary)} words, {100 * vocabulary.coverage:.1f} % of the texts'
