"""Texts tokenised once: a flat array of ids and where each text begins.

Ids are kept without special tokens and whole, so that another maximum length
costs nothing. On disk they are two files, memory-mapped, whose name is a hash
of the tokenizer, the text transforms and the texts themselves.
"""
import hashlib
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import numpy as np
from rich.progress import track
from tokenizers import Tokenizer

from mmcomp.datasets.tokenizing import vocabulary_size
from mmcomp.files import atomic_open, atomic_path

VERSION = 1
# Enough for the tokenizer's threads, few enough that its own objects (some 150 bytes a token) stay small.
CHUNK_TEXTS, CHUNK_CHARACTERS = 4096, 2_000_000


class TokenArray:
    """Token ids of many texts; a copy sent to another process opens the file anew.

    Args:
        tokens: Ids of all texts in a row, ``(sum of lengths,)`` uint16 or int32.
        offsets: Where each text begins, and the end, ``(N + 1,)`` int64.
        file: The file that ``tokens`` is mapped from, if there is one.
    """

    def __init__(self, tokens: np.ndarray, offsets: np.ndarray, file: Path | None = None):
        self.tokens, self.offsets, self.file = tokens, offsets, file

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> np.ndarray:
        """Ids of a text, ``(L,)``, a view."""
        return self.tokens[self.offsets[row]:self.offsets[row + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each text, ``(N,)`` int32."""
        return np.diff(self.offsets).astype(np.int32)

    def __getstate__(self) -> dict:
        kept = dict(self.__dict__, dtype=self.tokens.dtype)
        if self.file is not None:
            del kept['tokens']
        return kept

    def __setstate__(self, state: dict) -> None:
        dtype = state.pop('dtype')
        self.__dict__.update(state)
        if self.file is not None:
            self.tokens = _mapped(self.file, dtype)


def tokenise(texts: Sequence[str], tokenizer: Tokenizer,
             transforms: Sequence[Callable[[str], str]] = ()) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Ids and lengths of a chunk of texts after the other, ``(sum of lengths,)`` and ``(chunk,)``.

    The tokenizer's own threads do the work (``RAYON_NUM_THREADS``). Half a
    surrogate pair, which no encoding has a form for, becomes a question mark.
    """
    # Workers of data loaders are forked later and never tokenise; unsaid, the library warns in each of them.
    os.environ.setdefault('TOKENIZERS_PARALLELISM', 'true')
    dtype = token_dtype(tokenizer)

    def encoded(ends: tuple[int, int]) -> list:
        chunk = texts[slice(*ends)]
        for transform in transforms:
            chunk = [transform(text) for text in chunk]
        return tokenizer.encode_batch_fast([_encodable(text) for text in chunk], add_special_tokens=False)

    chunks = list(_chunks(texts))
    shown = track(chunks, 'tokenise', disable=len(chunks) < 2 or not sys.stderr.isatty())
    for encodings in _one_ahead(encoded, shown):
        ids = [encoding.ids for encoding in encodings]
        lengths = np.fromiter(map(len, ids), np.int64, len(ids))
        yield np.fromiter(chain.from_iterable(ids), dtype, lengths.sum()), lengths


def token_dtype(tokenizer: Tokenizer) -> np.dtype:
    """The smallest type that holds all ids."""
    return np.dtype(np.uint16 if vocabulary_size(tokenizer) <= 1 << 16 else np.int32)


def in_memory(texts: Sequence[str], tokenizer: Tokenizer, transforms: Sequence[Callable] = ()) -> TokenArray:
    """Tokenise without a file."""
    parts = list(tokenise(texts, tokenizer, transforms))
    tokens = np.concatenate([tokens for tokens, _ in parts]) if parts else np.empty(0, token_dtype(tokenizer))
    return TokenArray(tokens, _offsets([lengths for _, lengths in parts]))


def cached(texts: Sequence[str], tokenizer: Tokenizer, transforms: Sequence[Callable] = (), *,
           folder: str | os.PathLike, definition: object = ()) -> TokenArray:
    """Tokenise into a folder, or open what an earlier call left there.

    Several processes may call it together: one tokenises while the others
    wait. Where the file system knows no locks each does, and the results,
    which are equal, replace one another whole.

    Args:
        texts: What to tokenise.
        tokenizer: Its whole definition is part of the key.
        transforms: Applied to each text before.
        folder: Where the files are.
        definition: What tells one list of transforms from another, of JSON types.
    """
    path = Path(folder).expanduser() / f'{_key(texts, tokenizer, definition)}.tokens'
    dtype = token_dtype(tokenizer)
    found = _opened(path, len(texts), dtype)
    if found is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_suffix('.lock')):
            found = _opened(path, len(texts), dtype)
            if found is None:
                _write(path, tokenise(texts, tokenizer, transforms))
                found = _opened(path, len(texts), dtype)
    return found


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ends of chunks of at most so many texts and, but for a text alone, characters."""
    start = characters = 0
    for row, text in enumerate(texts):
        if row > start and (row - start == CHUNK_TEXTS or characters + len(text) > CHUNK_CHARACTERS):
            yield start, row
            start, characters = row, 0
        characters += len(text)
    if start < len(texts):
        yield start, len(texts)


def _one_ahead(function: Callable, items: Iterable) -> Iterator:
    """``map`` that makes the next result while the caller uses this one; the tokenizer lets other threads run."""
    with ThreadPoolExecutor(1) as pool:
        waiting = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode('utf-8', 'replace').decode()
    return text


def _offsets(lengths: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([[0], *lengths]).cumsum(dtype=np.int64)


def _key(texts: Sequence[str], tokenizer: Tokenizer, definition: object) -> str:
    recipe = json.dumps([VERSION, tokenizer.to_str(), definition], sort_keys=True, default=repr)
    digest = hashlib.sha256(recipe.encode())
    for start, end in _chunks(texts):
        chunk = texts[start:end]
        # Lengths first: two lists of texts must not meet in one long text.
        digest.update(np.fromiter(map(len, chunk), np.int64, len(chunk)).tobytes())
        digest.update(''.join(chunk).encode('utf-8', 'surrogatepass'))
    return digest.hexdigest()[:32]


def _mapped(path: Path, dtype: np.dtype) -> np.ndarray:
    # A file of no bytes can't be mapped.
    return np.memmap(path, dtype, 'r') if path.stat().st_size else np.empty(0, dtype)


def _opened(path: Path, count: int, dtype: np.dtype) -> TokenArray | None:
    """The arrays of a whole cache, or None; a file that a full disk or a careless hand cut is none."""
    try:
        offsets = np.load(path.with_suffix('.offsets.npy'), allow_pickle=False)
        whole = len(offsets) == count + 1 and path.stat().st_size == offsets[-1] * dtype.itemsize
        return TokenArray(_mapped(path, dtype), offsets, path) if whole else None
    except (OSError, ValueError):
        return None


def _write(path: Path, parts: Iterator[tuple[np.ndarray, np.ndarray]]) -> None:
    lengths = []
    with atomic_path(path) as temporary:
        with open(temporary, 'wb') as file:
            for tokens, chunk in parts:
                file.write(tokens)
                lengths.append(chunk)
        with atomic_open(path.with_suffix('.offsets.npy'), 'wb') as file:
            np.save(file, _offsets(lengths))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until no other process of this machine holds the lock; a process that dies lets go of it."""
    import fcntl
    with open(path, 'w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            pass
        yield
