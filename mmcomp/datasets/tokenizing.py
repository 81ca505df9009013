"""Rust tokenizers from files, folders, word lists or a hub, and what they put around a text."""
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE, WordLevel, WordPiece

from mmcomp.errors import ConfigError, DataError, did_you_mean, fault
from mmcomp.structures.word_list import PADDING, UNKNOWN, read_words

FORMS = ('`folder`', '`file`', "`type='WordPiece'` with `vocab`", "`type='ByteLevelBPE'` with `vocab` and `merges`",
         "`type='Words'` with `vocab`", '`name` with `allow_download=True`')
Words = str | os.PathLike | Sequence[str] | Mapping[str, int]


def build_tokenizer(cfg: dict) -> Tokenizer:
    """A tokenizer from a config with one of these sets of keys.

    * ``folder``: as Hugging Face's ``save_pretrained`` leaves it.
    * ``file``: a ``tokenizer.json``.
    * ``type='WordPiece', vocab, lower_case=True``: BERT's. ``vocab`` is a file
      with a word a line, a list of words or ``{word: id}``; ``[CLS]`` and
      ``[SEP]`` are put around a text where the words hold them.
    * ``type='ByteLevelBPE', vocab, merges``: GPT-2's. ``vocab`` may also be a
      JSON file; ``merges`` is a file or a list of ``'a b'``.
    * ``type='Words', vocab, lower_case=False, unknown='[UNK]'``: what is between
      white space, for word vectors. ``vocab`` is as above and begins with
      padding; words that it lacks are ``unknown``, never left out.
    * ``name, allow_download=True``: from the Hugging Face hub; without the
      latter only from its local cache.

    Returns:
        A tokenizer that neither truncates nor pads.

    Raises:
        ConfigError: If the keys are none of these.
        DataError: If a file is missing or not what it should be.
    """
    cfg = dict(cfg)
    makers = {'WordPiece': _word_piece, 'ByteLevelBPE': _byte_level_bpe, 'Words': _words}
    try:
        if 'type' in cfg:
            kind = cfg.pop('type')
            if kind not in makers:
                raise ConfigError(fault('tokenizer', 'type', f'one of {tuple(makers)}', kind,
                                        f'Or give a `folder`.{did_you_mean(kind, makers)}'))
            tokenizer = makers[kind](**cfg)
        elif 'folder' in cfg:
            tokenizer = _from_folder(**cfg)
        elif 'file' in cfg:
            tokenizer = _from_file(**cfg)
        else:
            tokenizer = _from_hub(**cfg)
    except TypeError as error:
        raise ConfigError(fault('TabularTextDataset', 'tokenizer', f'given as one of: {", ".join(FORMS)}', cfg,
                                f'{error}.')) from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def special_tokens(tokenizer: Tokenizer) -> tuple[np.ndarray, np.ndarray]:
    """Ids that a tokenizer puts before and after a text, ``(P,)`` and ``(S,)`` int32."""
    probe = tokenizer.encode('a')
    ids, own = np.array(probe.ids, np.int32), np.flatnonzero(np.array(probe.special_tokens_mask) == 0)
    first, last = (own[0], own[-1] + 1) if len(own) else (len(ids), len(ids))
    return ids[:first], ids[last:]


def stand_in(tokenizer: Tokenizer) -> int:
    """The id that stands for an empty text where no special token does: end of text, unknown, padding or 0."""
    for word in ('<|endoftext|>', '</s>', '[SEP]', '<unk>', '[UNK]', '<pad>', '[PAD]'):
        if (token := tokenizer.token_to_id(word)) is not None:
            return token
    return 0


def vocabulary_size(tokenizer: Tokenizer) -> int:
    """One more than the highest id."""
    return 1 + max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)


def _existing(path: str | os.PathLike, what: str) -> Path:
    path = Path(path).expanduser()
    if not path.exists():
        raise DataError(fault('tokenizer', what, 'an existing path', str(path), 'Check it.'))
    return path


def _from_file(file: str | os.PathLike) -> Tokenizer:
    path = _existing(file, 'file')
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust parser raises bare exceptions
        raise DataError(f'{path}: not a `tokenizer.json` ({error}). Write it again with `save_pretrained`.') from error


def _from_folder(folder: str | os.PathLike) -> Tokenizer:
    path = _existing(folder, 'folder')
    if (path / 'tokenizer.json').is_file():
        return _from_file(path / 'tokenizer.json')
    return _from_transformers(str(path), local_files_only=True)


def _from_hub(name: str, allow_download: bool = False) -> Tokenizer:
    return _from_transformers(name, local_files_only=not allow_download)


def _from_transformers(source: str, local_files_only: bool) -> Tokenizer:
    from transformers import AutoTokenizer
    try:
        loaded = AutoTokenizer.from_pretrained(source, local_files_only=local_files_only)
    except (OSError, ValueError, KeyError, ImportError) as error:
        hint = ('Check the folder, or set `allow_download=True` with the name of a hub model.' if local_files_only else
                'Check the name and the connection.')
        reason = str(error).partition('\n')[0]
        raise DataError(fault('tokenizer', 'folder or name', 'one that holds a tokenizer', source,
                              f'{hint} ({reason})')) from error
    if not loaded.is_fast:
        raise ConfigError(fault('tokenizer', 'folder or name', 'one with a Rust tokenizer', source,
                                'Convert it to a `tokenizer.json`.'))
    return loaded.backend_tokenizer


def _vocabulary(words: Words) -> dict[str, int]:
    """``{word: id}`` of a file, a list or a dict."""
    if isinstance(words, (str, os.PathLike)):
        text = _existing(words, 'vocab').read_text(encoding='utf-8')
        words = json.loads(text) if str(words).endswith('.json') else text.rstrip('\n').split('\n')
    return dict(words) if isinstance(words, Mapping) else {word: row for row, word in enumerate(words)}


def _word_piece(vocab: Words, lower_case: bool = True) -> Tokenizer:
    vocab = _vocabulary(vocab)
    if '[UNK]' not in vocab:
        raise DataError(fault('tokenizer', 'vocab', 'one with a word `[UNK]`', f'{len(vocab)} words', 'Add it.'))
    tokenizer = Tokenizer(WordPiece(vocab, unk_token='[UNK]'))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower_case)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix='##')
    tokenizer.add_special_tokens([word for word in ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]') if word in vocab])
    if '[CLS]' in vocab and '[SEP]' in vocab:
        tokenizer.post_processor = processors.TemplateProcessing(
            single='[CLS] $A [SEP]', pair='[CLS] $A [SEP] $B:1 [SEP]:1',
            special_tokens=[(word, vocab[word]) for word in ('[CLS]', '[SEP]')])
    return tokenizer


def _byte_level_bpe(vocab: Words, merges: str | os.PathLike | Sequence[str]) -> Tokenizer:
    if isinstance(merges, (str, os.PathLike)):
        merges = _existing(merges, 'merges').read_text(encoding='utf-8').splitlines()
    pairs = [tuple(line.split(' ')) for line in merges if line and not line.startswith('#version')]
    vocab = _vocabulary(vocab)
    try:
        tokenizer = Tokenizer(BPE(vocab, pairs))
    except Exception as error:  # the Rust library raises bare exceptions
        raise DataError(fault('tokenizer', 'vocab, merges', 'of one model', str(error), 'Check both files.')) from error
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if '<|endoftext|>' in vocab:
        tokenizer.add_special_tokens(['<|endoftext|>'])
    return tokenizer


def _words(vocab: Words, lower_case: bool = False, unknown: str = UNKNOWN) -> Tokenizer:
    words = read_words(vocab) if isinstance(vocab, (str, os.PathLike)) and not str(vocab).endswith('.json') else vocab
    vocab = _vocabulary(words)
    if vocab.get(PADDING) != 0 or unknown not in vocab or len(vocab) != len(words):
        first = list(vocab)[:3]
        raise DataError(fault('tokenizer', 'vocab', f'different words, the first `{PADDING}`, one of them `{unknown}`',
                              f'{len(words)} words, {len(vocab)} different, from {first} on',
                              'Write it with `fit_vocabulary`.'))
    tokenizer = Tokenizer(WordLevel(vocab, unk_token=unknown))
    if lower_case:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer
