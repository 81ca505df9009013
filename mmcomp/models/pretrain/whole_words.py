"""Which pieces of a tokenizer belong to one word, and masks that hide words with all of their pieces."""
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from mmcomp.errors import DataError, fault
from mmcomp.structures.word_list import read_words

# What BERT's tokenizer takes for Chinese characters.
CHINESE = re.compile('[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ceaf\U0002f800-\U0002fa1f]')
CONTINUED, SENTENCE_PIECE, BYTE_LEVEL = '##', '\u2581', '\u0120'
Words = str | os.PathLike | Sequence[str] | Mapping[str, int]


class PieceJoints(nn.Module):
    """Tells which tokens go on with the word of the token before them.

    In the words of WordPiece such a piece begins with ``##``. Those of SentencePiece and of a byte-level BPE
    mark the pieces that begin a word, by ``▁`` or ``Ġ``; there, too, punctuation stands alone, marked or not. Chinese
    characters are words one by one, also where a tokenizer leaves them unmarked; only a byte-level BPE that has
    split a character into bytes joins what is left of it to its neighbours.

    Args:
        words: Of the tokenizer: a ``tokenizer.json``, a file with a word a line, a folder with one of them
            (``tokenizer.json``, ``vocab.txt``), a list of words, or ``{word: id}``.
        vocab_size: Words of the model, at least as many.

    Raises:
        DataError: If the words can't be read, are too many, or none is marked as a piece.
    """

    def __init__(self, words: Words, vocab_size: int):
        super().__init__()
        ids = _word_ids(words)
        if ids and max(ids.values()) >= vocab_size:
            raise DataError(fault('MaskedLanguageModeling', 'whole_words', f'at most {vocab_size} words, as the model '
                                  'has', max(ids.values()) + 1, 'Give the words of the tokenizer of this model.'))
        mark, counted = max(_marks(ids).items(), key=lambda item: item[1])
        if not counted:
            raise DataError(fault('MaskedLanguageModeling', 'whole_words', f'words of which some hold `{CONTINUED}`, '
                                  f'`{SENTENCE_PIECE}` or `{BYTE_LEVEL}` first', f'{len(ids)} words without',
                                  'Leave it out: each of them is a whole word.'))
        joins, open_ = (torch.zeros(vocab_size, dtype=torch.bool) for _ in range(2))
        for (word, at), text in zip(ids.items(), _texts(list(ids), mark)):
            joins[at] = word.startswith(mark) == (mark == CONTINUED) and not _alone(text[:1], mark)
            open_[at] = not _alone(text[-1:], mark)
        self.register_buffer('joins', joins, persistent=False)
        self.register_buffer('open', open_, persistent=False)

    def forward(self, ids: torch.Tensor, candidates: torch.Tensor) -> torch.Tensor:
        """Where a token and the one before it are of one word, ``(B, L)`` booleans; both are candidates then."""
        joined = torch.zeros_like(candidates)
        joined[:, 1:] = (self.joins[ids[:, 1:]] & self.open[ids[:, :-1]]) & (candidates[:, 1:] & candidates[:, :-1])
        return joined


def draw_words(candidates: torch.Tensor, joined: torch.Tensor,
               draw: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """Draw words as if each were one token, and choose all pieces of those drawn.

    Each word has the same chance, whatever its length, so the share of tokens that are
    chosen is on average that of the words.

    Args:
        candidates: ``(B, L)`` booleans.
        joined: From :class:`PieceJoints`.
        draw: Chooses among candidates ``(B, L)``: :func:`~.masking.draw_tokens`, or ``draw_spans`` for
            spans of whole words.

    Returns:
        ``(B, L)`` booleans.
    """
    word_of = (~joined).cumsum(dim=1) - 1
    words = torch.zeros_like(candidates).scatter(1, word_of, candidates)
    return draw(words).gather(1, word_of) & candidates


def _word_ids(words: Words) -> dict[str, int]:
    if isinstance(words, str | os.PathLike):
        path = Path(words).expanduser()
        if path.is_dir():
            path = next((path / name for name in ('tokenizer.json', 'vocab.txt') if (path / name).is_file()), path)
        words = _saved_words(path) if path.suffix == '.json' else read_words(path)
    return dict(words) if isinstance(words, Mapping) else {word: at for at, word in enumerate(words)}


def _saved_words(path: Path) -> dict[str, int]:
    from tokenizers import Tokenizer
    try:
        return Tokenizer.from_file(str(path)).get_vocab(with_added_tokens=True)
    except Exception as error:  # the Rust parser raises bare exceptions
        raise DataError(fault('MaskedLanguageModeling', 'whole_words', 'a `tokenizer.json` or a file with a word a '
                              'line', str(path), f'({error}) Write it again with `save_pretrained`.')) from error


def _marks(words: Mapping[str, int]) -> Counter[str]:
    return Counter({mark: sum(word.startswith(mark) for word in words)
                    for mark in (CONTINUED, SENTENCE_PIECE, BYTE_LEVEL)})


def _texts(words: list[str], mark: str) -> list[str]:
    """What pieces say, without their marks."""
    if mark != BYTE_LEVEL:
        return [word.removeprefix(mark) for word in words]
    from tokenizers.decoders import ByteLevel
    decoder = ByteLevel()
    return [decoder.decode([word]).removeprefix(' ') for word in words]


def _alone(char: str, mark: str) -> bool:
    """Whether a character is a word by itself; half of one, U+FFFD, is not."""
    if mark == CONTINUED or CHINESE.match(char):
        return CHINESE.match(char) is not None
    return char not in ('', '\ufffd') and unicodedata.category(char)[0] in 'PS'
