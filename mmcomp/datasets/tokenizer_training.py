"""Tokenizers learned from the texts at hand, for models that start from nothing."""
from collections import Counter
from collections.abc import Sequence
from itertools import chain

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, trainers
from tokenizers.models import BPE, WordPiece

from mmcomp.datasets.tokenizing import build_tokenizer
from mmcomp.errors import ConfigError, did_you_mean, fault

BERT_WORDS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')
END_OF_TEXT = '<|endoftext|>'
LETTERS = 120  # the others are unknown
KINDS = ('WordPiece', 'ByteLevelBPE')


def train_tokenizer(texts: Sequence[str], kind: str = 'WordPiece', size: int = 8000, min_count: int = 2,
                    lower_case: bool = True) -> Tokenizer:
    """A tokenizer as BERT's or GPT-2's, with at most ``size`` tokens.

    Args:
        texts: What it learns from.
        kind: ``WordPiece``, which puts ``[CLS]`` and ``[SEP]`` around a text and has id 0 for padding, or
            ``ByteLevelBPE``, whose id 0 is the end of a text.
        size: Most tokens, special ones included.
        min_count: Pairs that come up less often are not joined.
        lower_case: Of ``WordPiece``.

    Raises:
        ConfigError: If the kind is none of these, or the size below what letters and special tokens take.
    """
    if kind not in KINDS or size < 300:
        raise ConfigError(fault('train_tokenizer', 'kind, size', f'one of {KINDS} and at least 300', (kind, size),
                                f'Correct it.{did_you_mean(kind, KINDS)}'))
    common = dict(vocab_size=size, min_frequency=min_count, show_progress=False)
    if kind == 'ByteLevelBPE':
        tokenizer = Tokenizer(BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
            special_tokens=[END_OF_TEXT], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **common))
        return tokenizer
    return build_tokenizer(dict(type='WordPiece', lower_case=lower_case, vocab=_word_pieces(texts, common, lower_case)))


def _word_pieces(texts: Sequence[str], common: dict, lower_case: bool) -> list[str]:
    """Words and pieces by their ids, the same at every call.

    The library numbers the letters within words in the order of a hash table,
    which decides between pairs that are equally frequent. Told as special
    tokens they have fixed numbers; the tokenizer that is used knows nothing of that.
    """
    normalizer = normalizers.BertNormalizer(lowercase=lower_case)
    counts = Counter(chain.from_iterable(map(normalizer.normalize_str, texts)))
    letters = sorted((letter for letter in counts if letter.strip()), key=lambda letter: (-counts[letter], letter))
    letters = sorted(letters[:LETTERS])
    tokenizer = Tokenizer(WordPiece(unk_token='[UNK]'))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(
        special_tokens=[*BERT_WORDS, *letters, *(f'##{letter}' for letter in letters)], limit_alphabet=LETTERS,
        continuing_subword_prefix='##', **common))
    vocabulary = tokenizer.get_vocab()
    return sorted(vocabulary, key=vocabulary.get)
