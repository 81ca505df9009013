"""Made-up comments: lengths as people write them, words of syllables, a vocabulary that fits."""
import time
from collections.abc import Callable, Iterator

import numpy as np

from mmcomp.datasets.samplers.length_bucket_batch_sampler import bucketed_batches
from mmcomp.datasets.token_cache import CHUNK_TEXTS, tokenise
from mmcomp.datasets.tokenizing import build_tokenizer

SYLLABLES = [a + b for a in 'bcdfghjklmnprstvwz' for b in ('a', 'e', 'i', 'o', 'u', 'an', 'er', 'il', 'ost')]


def comment_lengths(rows: int, mean: float = 66, longest: int = 220, seed: int = 0) -> np.ndarray:
    """Log-normal token counts of a given mean after the cap, ``(rows,)`` int32 in 1…``longest``."""
    drawn, scale = np.random.default_rng(seed).lognormal(0, 1, rows), float(mean)
    for _ in range(50):
        scale *= mean / (drawn * scale).clip(1, longest).mean()
    return (drawn * scale).clip(1, longest).astype(np.int32)


def make_words(count: int, seed: int = 0) -> list[str]:
    """Different words of one to four syllables."""
    rng, words = np.random.default_rng(seed), {}
    while len(words) < count:
        words[''.join(rng.choice(SYLLABLES, rng.integers(1, 5)))] = None
    return list(words)


def make_comments(lengths: np.ndarray, words: list[str], seed: int = 0, chunk: int = 10_000) -> list[str]:
    """A comment of so many words for each length; a word is the rarer the later it stands in the list.

    ``chunk`` comments are made at a time, so that a million need hardly more memory than their texts.
    """
    rng, comments = np.random.default_rng(seed), []
    for start in range(0, len(lengths), chunk):
        part = lengths[start:start + chunk]
        picked = (len(words) ** rng.random(int(part.sum()))).astype(int) - 1
        ends = part.cumsum()
        comments += [' '.join([words[i] for i in picked[end - length:end]]) for end, length in zip(ends, part)]
    return comments


def word_pieces(words: list[str]) -> dict:
    """Config of a tokenizer that knows the first half of the words, and pieces of the others."""
    letters = sorted(set(''.join(words)))
    pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', *letters, *(f'##{letter}' for letter in letters),
              *(f'##{syllable}' for syllable in SYLLABLES), *words[:len(words) // 2]]
    return dict(type='WordPiece', vocab=list(dict.fromkeys(pieces)))


def padding_shares(lengths: np.ndarray, batch_size: int, multiple: int = 8) -> Iterator[tuple[str, float, float]]:
    """``(way to batch, share of tokens that are padding, tokens over those of padding to the longest)``."""
    rng, rows = np.random.default_rng(0), len(lengths)
    at_random = np.split(rng.permutation(rows), range(batch_size, rows, batch_size))
    ways = {'all to the longest': None, 'random batches': at_random}
    for pool in (10, 50, 100, 200):
        ways[f'buckets, pools of {pool}'] = bucketed_batches(lengths, batch_size, pool, 1, rng)
    ways['sorted whole'] = bucketed_batches(lengths, batch_size, rows, 0, rng)
    whole = rows * int(lengths.max())
    for name, batches in ways.items():
        tokens = whole if batches is None else sum(
            len(batch) * -(-int(lengths[batch].max()) // multiple) * multiple for batch in batches)
        yield name, 1 - float(lengths.sum()) / tokens, tokens / whole


def tokenising_seconds(texts: list[str], config: dict, chunk: int = CHUNK_TEXTS) -> tuple[float, float, int]:
    """Seconds of the Rust tokenizer alone, seconds until all ids are arrays, and tokens."""
    tokenizer = build_tokenizer(config)
    tokenizer.encode_batch_fast(texts[:1000], add_special_tokens=False)

    def bare() -> int:
        for start in range(0, len(texts), chunk):
            tokenizer.encode_batch_fast(texts[start:start + chunk], add_special_tokens=False)
        return 0

    alone, _ = _timed(bare)
    ours, tokens = _timed(lambda: sum(len(ids) for ids, _ in tokenise(texts, tokenizer)))
    return alone, ours, tokens


def _timed(function: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result
