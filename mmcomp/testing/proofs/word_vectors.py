"""Word vectors from a few megabytes of text, for lack of published ones."""
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy import sparse

from mmcomp.files import atomic_open


def frequent_words(texts: Iterable[str], min_count: int = 2) -> list[str]:
    """Words between spaces that occur so often, the most frequent first, equal ones by name."""
    from collections import Counter
    counts = Counter(word for text in texts for word in text.split())
    return sorted((word for word, count in counts.items() if count >= min_count), key=lambda w: (-counts[w], w))


def text_ids(texts: Iterable[str], words: Sequence[str]) -> list[np.ndarray]:
    """Row numbers of each text's words, the others left out."""
    row_of = {word: row for row, word in enumerate(words)}
    return [np.array([row_of[word] for word in text.split() if word in row_of], np.int64) for text in texts]


def window_counts(ids: Sequence[np.ndarray], size: int, window: int = 5) -> sparse.csr_matrix:
    """How often words are near each other, ``(size, size)``, symmetric; a pair ``d`` words apart counts ``1 / d``."""
    flat = np.concatenate(ids)
    text = np.repeat(np.arange(len(ids)), [len(row) for row in ids])
    total = sparse.csr_matrix((size, size))
    for apart in range(1, window + 1):
        same = text[apart:] == text[:-apart]
        pairs = flat[:-apart][same], flat[apart:][same]
        total = total + sparse.coo_matrix((np.full(len(pairs[0]), 1 / apart), pairs), shape=(size, size)).tocsr()
    return (total + total.T).tocsr()


def text_counts(ids: Sequence[np.ndarray], size: int) -> sparse.csr_matrix:
    """How often each word is in each text, ``(size, N)``."""
    flat = np.concatenate(ids)
    text = np.repeat(np.arange(len(ids)), [len(row) for row in ids])
    return sparse.coo_matrix((np.ones(len(flat)), (flat, text)), shape=(size, len(ids))).tocsr()


def positive_information(counts: sparse.csr_matrix, smoothing: float = .75) -> sparse.csr_matrix:
    """Positive pointwise mutual information of rows and columns, columns as likely as their counts to a power.

    Levy, Goldberg and Dagan, "Improving Distributional Similarity with Lessons
    Learned from Word Embeddings" (2015): the power keeps rare columns from
    looking too telling.
    """
    found = counts.tocoo()
    rows = np.asarray(counts.sum(axis=1)).ravel()
    columns = np.asarray(counts.sum(axis=0)).ravel() ** smoothing
    information = np.log(found.data / rows[found.row] / (columns[found.col] / columns.sum()))
    kept = information > 0
    return sparse.coo_matrix((information[kept], (found.row[kept], found.col[kept])), shape=counts.shape).tocsr()


def factorised(matrix: sparse.csr_matrix, width: int, seed: int = 0) -> np.ndarray:
    """Left singular vectors by the root of their values, ``(rows, width)`` float32, rows of mean length 1."""
    from sklearn.utils.extmath import randomized_svd
    left, values, _ = randomized_svd(matrix.astype(np.float32), width, n_iter=3, random_state=seed)
    vectors = left * np.sqrt(values)
    lengths = np.linalg.norm(vectors, axis=1)
    return (vectors / max(lengths[lengths > 0].mean(), 1e-9)).astype(np.float32)


def train_vectors(texts: Sequence[str], words: Sequence[str], width: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Vectors ``(V, width)`` of two kinds: ``near``, like for words used alike, ``topic``, of the same texts."""
    ids = [row for row in text_ids(texts, words) if len(row)]
    return dict(near=factorised(positive_information(window_counts(ids, len(words))), width, seed),
                topic=factorised(positive_information(text_counts(ids, len(words))), width, seed))


def random_vectors(count: int, width: int, seed: int = 0) -> np.ndarray:
    """``(count, width)`` float32, of mean length about 1, which say nothing of the words."""
    return np.random.default_rng(seed).normal(0, width ** -.5, (count, width)).astype(np.float32)


def write_vectors(path: Path, words: Sequence[str], vectors: np.ndarray) -> None:
    """In the form of published ones: ``count width``, then a word and its numbers a line."""
    with atomic_open(path) as file:
        file.write(f'{len(words)} {vectors.shape[1]}\n')
        for word, row in zip(words, vectors, strict=True):
            file.write(word + ' ' + ' '.join(f'{value:.5f}' for value in row) + '\n')
