import sys

import numpy as np
import pytest

from mmcomp.errors import ConfigError, TableError
from mmcomp.predictions.labels.cleaning import METHODS, confident_learning, find_label_issues, gather_out_of_fold
from mmcomp.structures import PredictionTable


def planted(samples=3000, classes=12, noise=.15, seed=0, skill=4.):
    """Probabilities of a fair model, true labels, and labels of which some are wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(classes, samples, p=np.linspace(1, 4, classes) / np.linspace(1, 4, classes).sum())
    logits = 1.2 * rng.standard_normal((samples, classes))
    logits[np.arange(samples), truth] += skill
    scores = np.exp(logits)
    wrong = rng.random(samples) < noise
    given = np.where(wrong, (truth + rng.integers(1, classes, samples)) % classes, truth)
    return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32), truth, given


@pytest.mark.parametrize('method', METHODS)
def test_planted_noise_is_found(method):
    scores, truth, given = planted()
    issues = find_label_issues(scores, given, method)
    wrong = given != truth
    precision, recall = wrong[issues.rows].mean(), wrong[issues.rows].sum() / wrong.sum()
    assert precision > .85 and recall > .6, (precision, recall)
    assert (issues.suggested == truth[issues.rows])[wrong[issues.rows]].mean() > .9
    assert (issues.suggested != given[issues.rows]).all() and (np.diff(issues.scores) >= 0).all()
    # The surest half is nearly pure.
    assert wrong[issues.rows[:len(issues.rows) // 2]].mean() > .97


@pytest.mark.parametrize('seed, classes, skill', [(0, 12, 4.), (1, 3, 1.), (2, 40, 2.)])
def test_confident_learning_is_cleanlabs(seed, classes, skill):
    reference = pytest.importorskip('cleanlab.filter').find_label_issues
    scores, _, given = planted(1500, classes, .3, seed, skill)
    given[given == 1] = 0  # a class that nobody was given
    expected = reference(given, scores, filter_by='confident_learning', n_jobs=1)
    assert expected.sum() > 50
    np.testing.assert_array_equal(confident_learning(scores, given), expected)


def test_caps():
    scores, _, given = planted(600, 6, .5)
    everything = find_label_issues(scores, given, 'low_confidence', below=.9)
    few = find_label_issues(scores, given, 'low_confidence', below=.9, max_fraction=.05)
    assert few.rows.tolist() == everything.rows[:30].tolist()
    flat = np.tile(np.eye(6, dtype=np.float32)[0], (600, 1))  # everything looks like class 0
    left = np.bincount(np.delete(given, find_label_issues(flat, given, min_per_class=3).rows), minlength=6)
    assert left[0] == (given == 0).sum() and (left[1:] == 3).all()


def test_folds_are_gathered_by_id_and_models_averaged():
    scores, *_ = planted(40, 5)
    paths = [f'train/{i % 5}/{i}.jpg' for i in range(40)]
    rng = np.random.default_rng(0)
    first, second = np.array_split(rng.permutation(40), 2)

    def table(rows, values, ids=paths):
        return PredictionTable([ids[i] for i in rows], values)
    rows, gathered = gather_out_of_fold([table(first, scores[first]), table(second, scores[second])], paths)
    assert rows.tolist() == list(range(40))
    np.testing.assert_array_equal(gathered, scores)
    # Another model saw the first fold only; base names fit; one id is not in the list.
    other = rng.dirichlet(np.ones(5), 21).astype(np.float32)
    names = [f'{i}.jpg' for i in range(40)] + ['gone.jpg']
    rows, gathered = gather_out_of_fold([table([*first, 40], other, names), table(first, scores[first])], paths)
    assert rows.tolist() == sorted(first)
    by_row = dict(zip(first.tolist(), (other[:20] + scores[first]) / 2, strict=True))
    np.testing.assert_allclose(gathered, np.stack([by_row[r] for r in rows]), rtol=1e-6)


def test_faults(monkeypatch):
    scores, _, given = planted(30, 5)
    ids = [str(i) for i in range(30)]
    with pytest.raises(TableError, match='none of its ids'):
        gather_out_of_fold([PredictionTable(ids, scores)], ['x.jpg'])
    with pytest.raises(TableError, match='classes differ'):
        gather_out_of_fold([PredictionTable(ids, scores), PredictionTable(ids, scores[:, :1] * 0 + 1)], ids)
    with pytest.raises(TableError, match='probability'):
        gather_out_of_fold([PredictionTable(ids, scores, 'logit')], ids)
    with pytest.raises(ConfigError, match='columns of the tables'):
        find_label_issues(scores, given + 1 + (given * 0 + 4))
    monkeypatch.setitem(sys.modules, 'cleanlab.filter', None)
    with pytest.raises(ConfigError, match='pip install cleanlab'):
        find_label_issues(scores, given, 'cleanlab')
