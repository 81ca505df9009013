"""The score beside scikit-learn's F1, and golden numbers."""
import numpy as np
import pytest
from sklearn.metrics import f1_score

from mmcomp.competitions.wechat.scoring import all_scores, official_score, score_terms, small_class_recall
from mmcomp.competitions.wechat.taxonomy import Taxonomy
from mmcomp.errors import DataError

TAXONOMY = Taxonomy.from_counts()
TRUTH = TAXONOMY.labels(['0000', '0001', '0100', '0100', '2223'])
PREDICTED = TAXONOMY.labels(['0000', '0000', '0100', '0101', '2223'])


def test_golden_numbers():
    terms = score_terms(PREDICTED, TRUTH, TAXONOMY)
    expected = dict(score=.766667, lv1_micro_f1=1, lv1_macro_f1=1, lv2_micro_f1=.6, lv2_macro_f1=.466667)
    assert terms == pytest.approx(expected, abs=1e-6) and official_score(PREDICTED, TRUTH) == terms['score']
    assert score_terms(PREDICTED, TRUTH, TAXONOMY, 'all')['score'] == pytest.approx(.435525, abs=1e-6)


def test_beside_scikit_learn():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 200, (2, 300))
    predicted = np.where(rng.random(300) < .6, truth, predicted)
    up = [np.array([TAXONOMY.codes[i][:2] for i in labels]) for labels in (truth, predicted)]
    four = [f1_score(*pair, average=how) for pair in ((truth, predicted), up) for how in ('micro', 'macro')]
    assert official_score(predicted, truth) == pytest.approx(np.mean(four))


def test_what_stands_beside_the_score():
    scores = np.eye(200)[PREDICTED] + np.linspace(0, .1, 200)
    counts = np.full(200, 100)
    counts[TRUTH[1]] = 19
    found = all_scores(scores, TRUTH, TAXONOMY, counts=counts)
    assert found['lv1_acc'] == 1 and found['lv2_acc'] == .6 and found['small_class_recall'] == 0
    assert found['top5'] == .6 and found['score'] == pytest.approx(.766667, abs=1e-6)
    assert np.isnan(small_class_recall(PREDICTED, TRUTH, counts, 5))


def test_what_is_no_label():
    with pytest.raises(DataError, match='truth'):
        score_terms(PREDICTED, TRUTH + 1, TAXONOMY)
    with pytest.raises(DataError, match='one length'):
        score_terms(PREDICTED, TRUTH[1:], TAXONOMY)
