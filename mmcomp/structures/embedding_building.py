"""From the text files that fastText and GloVe publish to a folder of :class:`EmbeddingStore`."""
import gzip
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from mmcomp.errors import ConfigError, DataError, fault, shorten
from mmcomp.files import atomic_folder, write_json
from mmcomp.structures.embedding_store import MANIFEST, VERSION

ROWS_AT_ONCE = 4096


def build_embeddings(sources: Sequence[str | os.PathLike], out: str | os.PathLike, *, max_words: int | None = None,
                     skip_broken: bool = False, tell: Callable[[str], None] = print) -> None:
    """Write a folder of word vectors from text files, side by side.

    A line is a word and its numbers, split by spaces; the first may be
    fastText's ``number of words, width``. A word may hold spaces itself. Of
    equal words the first counts.

    Args:
        sources: ``.vec`` or ``.txt`` files, also as ``.gz`` or alone in a ``.zip``.
        out: The folder.
        max_words: Read so many words a file at most: the most frequent ones.
        skip_broken: Leave out lines that are none, instead of refusing the file.
        tell: Takes a line on each source.

    Raises:
        ConfigError: If no source is given, or ``max_words`` is below 1.
        DataError: If a file is missing, has no vectors or broken lines, which are named.
    """
    if not sources or (max_words is not None and max_words < 1):
        raise ConfigError(fault('build_embeddings', 'sources, max_words', 'given, and at least 1',
                                (list(map(str, sources)), max_words), 'Correct them.'))
    with atomic_folder(out) as folder:
        described = [_write_source(path, folder / str(number), max_words, skip_broken, tell)
                     for number, path in enumerate(sources)]
        write_json(folder / MANIFEST, dict(version=VERSION, sources=_named(described)))


def _named(described: list[dict]) -> list[dict]:
    """Sources with names of their own: two files of one name are told apart by their number."""
    names = [source['name'] for source in described]
    return [dict(source, name=source['name'] if names.count(source['name']) == 1 else f'{source["name"]}.{number}')
            for number, source in enumerate(described)]


def _write_source(path: str | os.PathLike, stem: Path, max_words: int | None, skip_broken: bool,
                  tell: Callable[[str], None]) -> dict:
    """Write ``N.words`` and ``N.vectors``; what the manifest says of them."""
    reader = _VectorFile(path, skip_broken)
    total, count = 0., 0
    with open(f'{stem}.words', 'w', encoding='utf-8', newline='\n') as words, open(f'{stem}.vectors', 'wb') as vectors:
        for names, block in reader.blocks(max_words):
            words.writelines(f'{name}\n' for name in names)
            vectors.write(block.astype(np.float16))
            total, count = total + block.sum(axis=0, dtype=np.float64), count + len(block)
    if not count:
        raise DataError(f'{path}: holds no vectors. Check the file.')
    notes = [f'{reader.duplicates} words that came before'] if reader.duplicates else []
    notes += [f'{len(reader.broken)} broken lines ({shorten(reader.broken, 3)})'] if reader.broken else []
    tell(f'{path}: {count} vectors of {reader.width} numbers{", without " if notes else ""}{" and ".join(notes)}')
    return dict(name=Path(path).name.partition('.')[0], file=Path(path).name, words=count, width=reader.width,
                duplicates=reader.duplicates, broken=len(reader.broken), mean=(total / count).tolist())


class _VectorFile:
    """Reads vectors, and counts what is wrong with the file."""

    def __init__(self, path: str | os.PathLike, skip_broken: bool):
        self.path, self.skip_broken = path, skip_broken
        self.width, self.duplicates, self.broken = 0, 0, []

    def blocks(self, max_words: int | None) -> Iterator[tuple[list[str], np.ndarray]]:
        """Words and their vectors ``(n, width)`` float32, some thousands at a time."""
        names, rows, seen = [], [], set()
        with _opened(self.path) as file:
            for number, line in enumerate(file, 1):
                if len(seen) == max_words:
                    break
                found = None if number == 1 and self._is_header(line) else self._parsed(number, line)
                if found is None:
                    continue
                if found[0] in seen:
                    self.duplicates += 1
                    continue
                seen.add(found[0])
                names.append(found[0])
                rows.append(found[1])
                if len(rows) == ROWS_AT_ONCE:
                    yield names, np.stack(rows)
                    names, rows = [], []
        if rows:
            yield names, np.stack(rows)

    def _is_header(self, line: bytes) -> bool:
        parts = line.split()
        if len(parts) == 2 and all(part.isdigit() for part in parts):
            self.width = int(parts[1])
        return bool(self.width)

    def _parsed(self, number: int, line: bytes) -> tuple[str, np.ndarray] | None:
        line = line.rstrip(b'\r\n ')
        # What the first line has tells the width.
        self.width = self.width or line.count(b' ')
        word, _, numbers = line.partition(b' ')
        vector = self._numbers(numbers)
        if vector is None and line.count(b' ') > self.width > 0:  # a word with spaces
            word, numbers = line.rsplit(b' ', self.width)[0], b' '.join(line.rsplit(b' ', self.width)[1:])
            vector = self._numbers(numbers)
        if word and vector is not None:
            return word.decode('utf-8', 'replace'), vector
        count = len(numbers.split())
        reason = f'{count} numbers' if count != self.width else 'what is no finite number within float16'
        self._note(number, reason if word else 'no word')
        return None

    def _numbers(self, text: bytes) -> np.ndarray | None:
        try:
            vector = np.fromstring(text, np.float32, sep=' ')
        except ValueError:
            return None
        return vector if len(vector) == self.width > 0 and (np.abs(vector) <= 65504).all() else None

    def _note(self, number: int, reason: str) -> None:
        self.broken.append(f'line {number}: {reason}')
        if not self.skip_broken:
            raise DataError(f'{self.path}, line {number}: a line must be a word and {self.width} numbers; got '
                            f'{reason}. Download the file again, or leave such lines out with `--skip-broken`.')


@contextmanager
def _opened(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """A plain or compressed file, with a progress bar on a terminal."""
    from rich import progress
    path = Path(path).expanduser()
    if not path.is_file():
        raise DataError(fault('build_embeddings', 'source', 'a file', str(path), 'Check the path.'))
    with progress.open(path, 'rb', description=path.name, disable=not sys.stderr.isatty()) as raw:
        try:
            if path.suffix == '.gz':
                yield gzip.open(raw)
            elif path.suffix == '.zip':
                with zipfile.ZipFile(raw) as archive, archive.open(_only_member(archive, path)) as member:
                    yield member
            else:
                yield raw
        except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError) as error:
            raise DataError(f'{path}: is cut off or no archive ({error}). Download it again.') from error


def _only_member(archive: zipfile.ZipFile, path: Path) -> str:
    names = [name for name in archive.namelist() if not name.endswith('/')]
    if len(names) != 1:
        raise DataError(fault(path, 'archive', 'of one file', shorten(names), 'Unpack it and give the file you mean.'))
    return names[0]
