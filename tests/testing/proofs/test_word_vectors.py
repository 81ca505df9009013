import numpy as np
import pytest

from mmcomp.testing.proofs.word_vectors import (
    frequent_words,
    positive_information,
    random_vectors,
    text_counts,
    text_ids,
    train_vectors,
    window_counts,
    write_vectors,
)

TEXTS = ['a b a', 'b c', '', 'c c a x']


def test_words_in_order_and_rows_without_rare_ones():
    words = frequent_words(TEXTS, 2)
    assert words == ['a', 'c', 'b']
    assert [row.tolist() for row in text_ids(TEXTS, words)] == [[0, 2, 0], [2, 1], [], [1, 1, 0]]


def test_counts_by_hand():
    ids = text_ids(TEXTS, ['a', 'b', 'c'])
    near = window_counts(ids, 3, window=2).toarray()
    assert np.array_equal(near, near.T)
    # a b, b a; a _ a both ways; b c; c a beside and two apart; c c both ways
    assert near.tolist() == [[1, 2, 1.5], [2, 0, 1], [1.5, 1, 2]]
    assert text_counts(ids, 3).toarray().tolist() == [[2, 0, 0, 1], [1, 1, 0, 0], [0, 1, 0, 2]]


def test_information_is_of_what_is_more_than_chance():
    from scipy.sparse import csr_matrix
    counts = csr_matrix(np.array([[8., 1.], [1., 8.]]))
    found = positive_information(counts, smoothing=1).toarray()
    assert found == pytest.approx(np.array([[np.log(18 * 8 / 81), 0], [0, np.log(18 * 8 / 81)]]))


def test_words_used_alike_have_like_vectors(tmp_path):
    rng = np.random.default_rng(0)
    texts = [' '.join(['the', rng.choice(['cat', 'dog']), rng.choice(['eats', 'sleeps'])]) if row % 2 else
             ' '.join(['a', rng.choice(['car', 'bus']), rng.choice(['stops', 'turns'])]) for row in range(200)]
    words = frequent_words(texts)
    vectors = train_vectors(texts, words, 3)
    at = words.index

    def like(rows, one, other):
        one, other = rows[at(one)], rows[at(other)]
        return one @ other / np.linalg.norm(one) / np.linalg.norm(other)

    assert like(vectors['near'], 'cat', 'dog') > .8 > like(vectors['near'], 'cat', 'bus')
    assert like(vectors['topic'], 'cat', 'the') > .5 > like(vectors['topic'], 'cat', 'a')
    write_vectors(tmp_path / 'x.vec', words, vectors['near'])
    lines = (tmp_path / 'x.vec').read_text().splitlines()
    assert lines[0] == f'{len(words)} 3' and len(lines) == len(words) + 1
    assert np.linalg.norm(random_vectors(500, 20), axis=1).mean() == pytest.approx(1, abs=.05)
    for rows in vectors.values():
        assert rows.shape == (len(words), 3) and np.linalg.norm(rows, axis=1).mean() == pytest.approx(1)
