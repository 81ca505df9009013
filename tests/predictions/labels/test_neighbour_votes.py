"""Votes of the nearest, against all cosines sorted."""
import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.labels import neighbour_votes
from mmcomp.predictions.labels.neighbour_votes import nearest, vote_table, votes
from mmcomp.structures import PredictionTable

RNG = np.random.default_rng(0)
QUERIES, REFERENCES = RNG.normal(size=(37, 6)), RNG.normal(size=(53, 6))
LABELS = RNG.integers(0, 4, 53)


@pytest.mark.parametrize('columns', [7, 1000])
def test_blocks_find_what_sorting_all_finds(monkeypatch, columns):
    monkeypatch.setattr(neighbour_votes, 'ROWS', 8)
    monkeypatch.setattr(neighbour_votes, 'COLUMNS', columns)
    rows, cosines = nearest(QUERIES, REFERENCES, 10)
    lengths = np.linalg.norm(QUERIES, axis=1)[:, None] * np.linalg.norm(REFERENCES, axis=1)
    everything = QUERIES @ REFERENCES.T / lengths
    assert (rows == np.argsort(-everything, axis=1)[:, :10]).all()
    np.testing.assert_allclose(cosines, np.take_along_axis(everything, rows, axis=1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize('temperature', [None, .1])
def test_votes_are_counted(temperature):
    rows, cosines = nearest(QUERIES, REFERENCES, 5)
    expected = np.zeros((37, 4))
    for query in range(37):
        for row, cosine in zip(rows[query], cosines[query]):
            expected[query, LABELS[row]] += 1 if temperature is None else np.exp(cosine / temperature)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(votes(rows, cosines, LABELS, 4, temperature), expected, rtol=1e-4, atol=1e-6)


def embeddings(vectors, name):
    return PredictionTable([f'{name}{i}' for i in range(len(vectors))], vectors.astype(np.float32), 'embedding',
                           origin=dict(file=name))


def test_a_table_of_probabilities_and_what_is_refused():
    unlabelled, labelled = embeddings(QUERIES, 'u'), embeddings(REFERENCES, 'l')
    found = vote_table(unlabelled, labelled, LABELS, 4, k=3)
    assert found.check().kind == 'probability' and found.origin['teachers'] == ['l']
    alone = vote_table(embeddings(REFERENCES, 'x'), labelled, LABELS, 4, k=1)
    assert (alone.labels() == LABELS).all(), 'each is its own nearest'
    narrow = embeddings(QUERIES[:, :4], 'n')
    wrong = PredictionTable(unlabelled.ids, unlabelled.scores, 'logit')
    for pair, k, words in (((wrong, labelled), 3, 'embedding'), ((narrow, labelled), 3, '6 wide'),
                           ((unlabelled, labelled), 54, 'from 1 to 53'), ((labelled, labelled), 3, 'themselves')):
        with pytest.raises(TableError, match=words):
            vote_table(*pair, LABELS, 4, k)
