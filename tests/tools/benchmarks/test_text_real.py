"""The proof on real tweets, on a few hundred made-up ones in the same columns."""
import csv
import gzip
import re

import numpy as np
import pytest

from mmcomp.errors import DataError
from mmcomp.tabular import read_columns
from mmcomp.testing.proofs.text_proof import Texts, logistic_regression, proof_rows, tf_idf
from mmcomp.testing.proofs.tweets import tidy, train_word_pieces, write_tweets

OTHER, BAD, WORSE = ['sun', 'tea', 'walk', 'train', 'book', 'rain', 'song'], ['grr', 'meh'], ['zork', 'blarg']


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """400 tweets of three kinds, three to six readers each."""
    folder, rng = tmp_path_factory.mktemp('tweets'), np.random.default_rng(0)
    with gzip.open(folder / 'labeled_data.csv.gz', 'wt', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['', 'count', 'hate_speech', 'offensive_language', 'neither', 'class', 'tweet'])
        for row in range(400):
            kind = int(rng.choice(3, p=[.2, .5, .3]))
            votes = rng.multinomial(int(rng.integers(3, 7)), np.eye(3)[kind] * .7 + .1)
            votes[kind] = votes.max() + 1
            words = [*rng.choice(OTHER, 5), *(rng.choice([WORSE, BAD, OTHER][kind], 2))]
            text = ' '.join(rng.permutation(words))
            writer.writerow([row, votes.sum(), *votes, kind, f'RT @x{row}: {text} &amp; so'])
    return folder


def test_from_votes_to_a_table(source, tmp_path, tool, capsys):
    tool('benchmarks/text_real').main(
        [str(source), '--epochs', '3', '--seeds', '0', '1', '--work-dir', str(tmp_path)])
    out = capsys.readouterr().out
    areas = {name: float(area) for name, area in re.findall(r'^\| (.+?) \| ([\d.]+) ± ', out, re.M)}
    assert list(areas) == ['TF-IDF', 'TF-IDF, votes as targets', 'BERT', '2 BERTs', 'BERTs and TF-IDF']
    assert min(areas.values()) > .8 and areas['TF-IDF'] > .95
    assert not any(word in out for word in (*BAD, *WORSE)), 'texts stay in their files'


def test_missing_data_is_said(tmp_path, tool):
    with pytest.raises(DataError, match='no labeled_data.csv'):
        tool('benchmarks/text_real').main([str(tmp_path), '--work-dir', str(tmp_path / 'work')])


def test_parts_hold_every_tweet_once_and_equal_texts_together(source, tmp_path):
    sizes = write_tweets(source, tmp_path)
    assert sum(sizes.values()) == 400 and sizes['train'] == pytest.approx(280, abs=8)
    parts = {part: read_columns(tmp_path / f'{part}.csv', ['id', 'text'], ['toxic', 'hate', 'class']) for part in sizes}
    assert sorted(name for part in parts.values() for name in part['id']) == sorted(map(str, range(400)))
    texts = [set(part['text']) for part in parts.values()]
    assert not (texts[0] & texts[1] or texts[0] & texts[2] or texts[1] & texts[2])
    one = Texts.read(tmp_path / 'train.csv')
    assert ((one.shares >= 0) & (one.shares <= 1)).all() and (one.shares[:, 0] >= one.shares[:, 1]).all()
    assert (one.truth[:, 0] >= one.truth[:, 1]).all()
    assert train_word_pieces(tmp_path / 'train.csv', 60, tmp_path / 'vocab.txt') == 60
    assert (tmp_path / 'vocab.txt').read_text().splitlines()[:5] == ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']


def test_tidy():
    assert tidy('RT @Some_one: a &amp;amp; b  https://t.co/x') == 'RT @user: a & b link'


def test_shares_of_one_reader_are_labels():
    texts = ['aa bb', 'aa cc', 'dd ee', 'dd ff', 'aa dd'] * 4
    truth = np.array([['aa' in text, 'dd' in text] for text in texts])
    features = tf_idf(texts, texts, texts)
    scores = logistic_regression(features, truth, truth, strengths=(1, ))
    from sklearn.linear_model import LogisticRegression
    plain = LogisticRegression(C=1, solver='liblinear').fit(features[0], truth[:, 0])
    np.testing.assert_allclose(scores[:, 0], plain.predict_proba(features[0])[:, 1], atol=1e-3)
    rows = list(proof_rows(truth, dict(x=scores, y=scores), over='x'))
    assert rows[1][3:] == ['', ''] and rows[2][3:] == ['+0.0000 ± 0.0000'] * 2
