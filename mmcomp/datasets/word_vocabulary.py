"""Which words texts have, and how often."""
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from tokenizers import normalizers

from mmcomp.datasets.tabular_text_dataset import TabularTextDataset
from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.registry import TRANSFORMS
from mmcomp.structures.word_list import PADDING, UNKNOWN, write_words
from mmcomp.tabular import read_columns

# White space to Python, not to Unicode and so not to the tokenizer.
ONLY_PYTHONS = re.compile('[\x1c-\x1f]')
UNICODES = re.compile('[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+')


def split_words(text: str) -> list[str]:
    """The words of a text as the tokenizer ``Words`` has them: what is between white space."""
    return [word for word in UNICODES.split(text) if word] if ONLY_PYTHONS.search(text) else text.split()


class WordVocabulary:
    """Words in the order of their ids: padding, unknown, then from the most frequent to the least.

    Args:
        counts: How often each word occurs.
        min_count: Words that occur less often are unknown.
        max_features: Most words, padding and unknown not counted.
        known: Asks which of a list of words may stay, all that have a vector, say.

    Raises:
        ConfigError: If a number is below 1.
        DataError: If no word is left.
    """

    def __init__(self, counts: Counter[str], min_count: int = 1, max_features: int | None = None,
                 known: Callable[[Sequence[str]], set[str]] | None = None):
        if min_count < 1 or (max_features is not None and max_features < 1):
            raise ConfigError(fault('WordVocabulary', 'min_count, max_features', 'at least 1',
                                    (min_count, max_features), 'Correct them.'))
        # By the word itself where counts are equal, so that every process has the same ids.
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        kept = [word for word, count in ranked if count >= min_count and word not in (PADDING, UNKNOWN)]
        if known is not None:
            there = known(kept)
            kept = [word for word in kept if word in there]
        kept = kept[:max_features]
        if not kept:
            raise DataError(f'vocabulary: none of {len(counts)} words is left. Lower `min_count`, or check the texts.')
        self.words = [PADDING, UNKNOWN, *kept]
        self.coverage = sum(counts[word] for word in kept) / max(1, counts.total())

    def __len__(self) -> int:
        return len(self.words)

    def write(self, path: str | os.PathLike) -> None:
        """Write a word a line, for ``tokenizer=dict(type='Words', vocab=path)``."""
        write_words(path, self.words)


def count_words(texts: Iterable[str], transforms: Sequence[Callable[[str], str]] = (),
                lower_case: bool = False) -> Counter[str]:
    """How often each word occurs in texts, after their transforms."""
    lower = normalizers.Lowercase().normalize_str if lower_case else None

    def words(text: str) -> list[str]:
        for transform in transforms:
            text = transform(text)
        return split_words(lower(text) if lower else text)

    return Counter(chain.from_iterable(map(words, texts)))


def dataset_words(cfg: dict, tables: Sequence[str] = ()) -> Counter[str]:
    """Count the words of all rows of a text data set, before any tokenizer is there.

    Args:
        cfg: Config of a :class:`TabularTextDataset` whose tokenizer is of type ``Words``.
        tables: Tables with the same text columns to count beside its own.

    Raises:
        ConfigError: If the tokenizer is another one.
    """
    from mmcomp.registry import DATASETS
    dataset = DATASETS.build(dict(cfg, lazy_init=True, require_targets=False))
    if not isinstance(dataset, TabularTextDataset) or dataset.tokenizer.get('type') != 'Words':
        raise ConfigError(fault('vocabulary', 'dataset', "a text data set with tokenizer=dict(type='Words', …)",
                                (cfg.get('type'), dict(cfg.get('tokenizer') or {}).get('type')), 'Correct the config.'))
    transforms = [TRANSFORMS.build(transform) for transform in dataset.text_transforms]
    counts = Counter()
    for source in (dataset.ann_file if dataset.source is None else dataset.source, *tables):
        table = read_columns(source, dataset.text_cols, aliases=dataset.label_alias)
        texts = map(dataset.joiner.join, zip(*(table[name] for name in dataset.text_cols), strict=True))
        counts += count_words(texts, transforms, bool(dataset.tokenizer.get('lower_case')))
    return counts
