"""Tweets with the votes of several readers, as tables for training."""
import html
import re
from pathlib import Path

import numpy as np

from mmcomp.errors import DataError
from mmcomp.files import atomic_open
from mmcomp.predictions.labels.folds import grouped_folds, groups_by_text
from mmcomp.tabular import read_columns

VOTES = ('count', 'hate_speech', 'offensive_language', 'class')
PARTS = ('test', 'val', 'train')
SPECIALS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')


def find_table(folder: str | Path) -> Path:
    """The table of votes, as published or compressed.

    Raises:
        DataError: If the folder has none.
    """
    for name in ('labeled_data.csv', 'labeled_data.csv.gz'):
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    raise DataError(f'{folder}: no labeled_data.csv. It is in the folder `data` of '
                    'github.com/t-davidson/hate-speech-and-offensive-language.')


def tidy(text: str) -> str:
    """A tweet without HTML entities; names and links become ``@user`` and ``link``."""
    text = html.unescape(html.unescape(text))
    return ' '.join(re.sub(r'@\w+', '@user', re.sub(r'https?://\S+', 'link', text)).split())


def write_tweets(source: str | Path, root: Path, seed: int = 0) -> dict[str, int]:
    """Split the tweets into ``train.csv`` (7/10), ``val.csv`` (1/10) and ``test.csv`` (2/10).

    Columns: ``id``, ``text``, the shares of readers ``toxic`` (hateful or
    offensive) and ``hate``, and the majority's ``class`` (0 hateful,
    1 offensive, 2 neither). Equal texts are in one part.

    Returns:
        Rows a part.
    """
    table = read_columns(find_table(source), ['tweet'], VOTES)
    texts = [tidy(text) for text in table['tweet']]
    kinds = table['class'].astype(np.int64)
    fold = grouped_folds(kinds, groups_by_text(texts), 10, seed)
    hate = table['hate_speech'] / table['count']
    toxic = hate + table['offensive_language'] / table['count']
    sizes = {}
    for part, rows in zip(PARTS, (fold < 2, fold == 2, fold > 2)):
        sizes[part] = int(rows.sum())
        _write(root / f'{part}.csv', [(row, texts[row], f'{toxic[row]:.4f}', f'{hate[row]:.4f}', kinds[row])
                                      for row in np.flatnonzero(rows)])
    return sizes


def train_word_pieces(table: Path, size: int, out: Path) -> int:
    """Learn word pieces from the texts of a table; ``out`` has one a line. How many there are."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.WordPiece(unk_token='[UNK]'))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=size, min_frequency=2, special_tokens=list(SPECIALS),
                                        show_progress=False)
    tokenizer.train_from_iterator(read_columns(table, ['text'])['text'], trainer)
    vocab = tokenizer.get_vocab()
    with atomic_open(out) as file:
        file.writelines(f'{word}\n' for word in sorted(vocab, key=vocab.get))
    return len(vocab)


def _write(path: Path, rows: list[tuple]) -> None:
    import csv
    with atomic_open(path) as file:
        writer = csv.writer(file)
        writer.writerow(['id', 'text', 'toxic', 'hate', 'class'])
        writer.writerows(rows)
