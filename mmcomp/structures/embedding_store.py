"""Word vectors in a folder, mapped into memory: one table, however many models and vocabularies use it.

A folder has ``manifest.json`` and, for each source, ``N.words``, a word a
line, and ``N.vectors``, float16 rows in the same order. A word's vector is
that of the first source beside that of the second, and so on.
"""
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.errors import ConfigError, DataError, fault

VERSION = 1
MANIFEST = 'manifest.json'
OOV = ('zero', 'mean')
# How a word was found, in the order of trying.
FORMS = ('exact', 'lower', 'title', 'none')


@dataclass(frozen=True)
class Coverage:
    """What look-up found of a list of words.

    Args:
        words: How many were looked up.
        found: By source, how many by each of ``FORMS``.
        nowhere: How many have no vector in any source.
    """
    words: int
    found: dict[str, dict[str, int]]
    nowhere: int

    def __str__(self) -> str:
        by_source = [f'{name} {self.words - how["none"]} ({how["exact"]} exact, {how["lower"]} lower, '
                     f'{how["title"]} title)' for name, how in self.found.items()]
        return f'{self.words - self.nowhere} of {self.words} words have a vector: {"; ".join(by_source)}'


class EmbeddingStore:
    """Looks up words in a folder of :func:`mmcomp.structures.embedding_building.build_embeddings`.

    Args:
        folder: The folder.

    Raises:
        DataError: If it is none, or a file in it is cut off.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder).expanduser()
        try:
            manifest = json.loads((self.folder / MANIFEST).read_text(encoding='utf-8'))
        except (OSError, ValueError) as error:
            raise DataError(fault(folder, 'embeddings', 'a folder written by `build_embeddings`', type(error).__name__,
                                  'Check the path, or build it.')) from error
        if manifest.get('version') != VERSION:
            raise DataError(fault(folder, 'version', VERSION, manifest.get('version'), 'Build it again.'))
        self.sources = manifest['sources']
        for number, source in enumerate(self.sources):
            path, bytes_wanted = self.folder / f'{number}.vectors', 2 * source['words'] * source['width']
            if not path.is_file() or path.stat().st_size != bytes_wanted:
                raise DataError(f'{path}: is missing or cut off. Build {folder} again.')

    @property
    def width(self) -> int:
        """Numbers of a vector, all sources together."""
        return sum(source['width'] for source in self.sources)

    @property
    def digest(self) -> int:
        """A number that other vectors do not have, from what the manifest says of each source, its mean among it."""
        text = json.dumps([{key: source[key] for key in ('words', 'width', 'mean')} for source in self.sources])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], 'big', signed=True)

    def vectors(self, number: int) -> np.ndarray:
        """The vectors of a source, ``(N, D)`` float16, mapped from its file."""
        source = self.sources[number]
        return np.memmap(self.folder / f'{number}.vectors', np.float16, 'r', shape=(source['words'], source['width']))

    def words(self, number: int) -> Iterator[str]:
        """The words of a source in order."""
        with open(self.folder / f'{number}.words', encoding='utf-8', newline='\n') as file:
            for line in file:
                yield line[:-1]

    def known(self, words: Sequence[str], case_fallback: bool = True) -> set[str]:
        """Those words that have a vector in at least one source."""
        found = np.logical_or.reduce([self._rows(n, words, case_fallback)[0] >= 0 for n in range(len(self.sources))])
        return {word for word, there in zip(words, found, strict=True) if there}

    def table(self, words: Sequence[str], case_fallback: bool = True,
              oov: str = 'zero') -> tuple[np.ndarray, Coverage]:
        """A row for each word, ``(V, width)`` float16, and what was found.

        Args:
            words: V words.
            case_fallback: Take the vector of the lower-case word, then of the
                capitalised one, where a source lacks the word itself.
            oov: What a source that lacks a word gives: ``zero``, or the
                ``mean`` of its vectors.

        Raises:
            ConfigError: If ``oov`` is unknown.
        """
        if oov not in OOV:
            raise ConfigError(fault('EmbeddingStore', 'oov', f'one of {OOV}', oov, 'Correct the config.'))
        table, start, found = np.zeros((len(words), self.width), np.float16), 0, {}
        anywhere = np.zeros(len(words), bool)
        for number, source in enumerate(self.sources):
            rows, form = self._rows(number, words, case_fallback)
            there, part = rows >= 0, table[:, start:start + source['width']]
            if oov == 'mean':
                part[~there] = np.array(source['mean'], np.float16)
            # Rising rows, for a disk that seeks.
            order = np.flatnonzero(there)[np.argsort(rows[there], kind='stable')]
            part[order] = self.vectors(number)[rows[order]]
            start, anywhere = start + source['width'], anywhere | there
            counts = np.bincount(form, minlength=len(FORMS))
            found[source['name']] = dict(zip(FORMS, map(int, counts), strict=True))
        return table, Coverage(len(words), found, int((~anywhere).sum()))

    def _rows(self, number: int, words: Sequence[str], case_fallback: bool) -> tuple[np.ndarray, np.ndarray]:
        """Rows in a source, -1 for none, and which of ``FORMS`` it was, each ``(V,)``."""
        changes = [str, str.lower, str.title] if case_fallback else [str]
        wanted = {change(word) for word in words for change in changes}
        # The first of equal words counts: files are sorted by frequency.
        at = {}
        for row, word in enumerate(self.words(number)):
            if word in wanted:
                at.setdefault(word, row)
        rows, form = np.full(len(words), -1, np.int64), np.full(len(words), len(FORMS) - 1)
        for index, word in enumerate(words):
            for kind, change in enumerate(changes):
                if (row := at.get(change(word))) is not None:
                    rows[index], form[index] = row, kind
                    break
        return rows, form
