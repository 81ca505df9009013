"""All areas from one sort are those of a plain loop; the published example comes out to its six digits."""
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mmcomp.errors import ConfigError, DataError
from mmcomp.metrics.bias_auc import (
    bias_areas,
    bias_score,
    coded_bias_auc,
    coded_groups,
    decoded_groups,
    generalized_mean,
    slice_means,
)
from mmcomp.metrics.by_name import find_metric


@pytest.fixture
def golden():
    target = np.array([.0, .2, .5, .8, .1, .6, .49, 1., .0, .7, .3, .9])
    groups = np.array([[1., .5, .6, .4, .0, 1., .5, .0, .2, .9, .0, np.nan],
                       [.0, .0, 1., 1., .7, .2, .0, .5, .5, .0, 1., .1]]).T
    scores = np.array([.10, .58, .35, .80, .20, .55, .60, .90, .05, .55, .45, .59])
    return target >= .5, groups >= .5, scores


def plain(truth, groups, scores):
    """Subgroup, BPSN and BNSP areas by masks."""
    rows = []
    for inside in groups.T:
        masks = inside, inside != truth, inside == truth
        rows.append([roc_auc_score(truth[m], scores[m]) if 0 < truth[m].sum() < m.sum() else np.nan for m in masks])
    return np.array(rows).T


def test_the_example_of_the_competition(golden):
    areas = bias_areas(*golden)
    assert areas.overall == pytest.approx(.777778, abs=5e-7)
    np.testing.assert_allclose([areas.subgroup, areas.bpsn, areas.bnsp],
                               [[.333333, .888889], [.888889, 1.], [.888889, .777778]], atol=5e-7)
    assert slice_means(areas) == pytest.approx(dict(subgroup=.382334, bpsn=.934784, bnsp=.822430), abs=5e-7)
    assert bias_score(areas) == pytest.approx(.729332, abs=5e-7)
    assert coded_bias_auc(golden[2], coded_groups(*golden[:2])) == pytest.approx(.729332, abs=5e-7)


@pytest.mark.parametrize('levels', [5, 10 ** 6])
def test_one_sort_gives_what_a_plain_loop_gives(levels):
    rng = np.random.default_rng(levels)
    truth, groups = rng.random(400) < .3, rng.random((400, 4)) < [.5, .1, .02, 0.]
    scores = (rng.integers(0, levels, 400) / levels + .1 * truth).astype(np.float32)
    areas = bias_areas(truth, groups, scores)
    assert areas.overall == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    np.testing.assert_allclose(list(areas.slices().values()), plain(truth, groups, scores), atol=1e-12)
    sizes = [[(truth[m].sum(), (~truth[m]).sum()) for m in (g, g != truth, g == truth)] for g in groups.T]
    for at, name in enumerate(areas.slices()):
        np.testing.assert_array_equal(areas.sizes(name), [row[at] for row in sizes])


def test_only_the_order_of_the_scores_counts_and_a_swap_mirrors(golden):
    truth, groups, scores = golden
    areas, mirrored = bias_areas(truth, groups, np.exp(9 * scores)), bias_areas(~truth, groups, -scores)
    plain = bias_areas(truth, groups, scores)
    np.testing.assert_array_equal(areas.bpsn, plain.bpsn)
    # What was negative is positive now, so the two mixed slices change places.
    np.testing.assert_allclose(mirrored.bpsn, plain.bnsp)
    np.testing.assert_allclose(mirrored.subgroup, plain.subgroup)


def test_the_power_mean():
    values = np.array([.6, .9, .8])
    assert generalized_mean(values, 1) == pytest.approx(values.mean())
    assert generalized_mean(values, -1) == pytest.approx(3 / (1 / values).sum())
    assert generalized_mean(values, 0) == pytest.approx(values.prod() ** (1 / 3))
    assert .6 < generalized_mean(values, -50) < .62 and generalized_mean([0., .9], -5) == 0


def test_slices_of_one_kind(golden):
    truth, groups, scores = golden
    groups = np.column_stack([groups, truth & groups[:, 0], np.zeros(len(truth), bool)])
    areas = bias_areas(truth, groups, scores)
    with pytest.raises(DataError, match="`slices` must be of positives and negatives both; got 'subgroup of group 2"):
        bias_score(areas)
    assert np.isnan(bias_score(areas, degenerate='nan'))
    means = slice_means(areas, degenerate='skip')
    assert means['subgroup'] == pytest.approx(.382334, abs=5e-7)  # the two groups that have one
    assert means['bnsp'] == pytest.approx(generalized_mean(areas.bnsp[:3], -5))
    with pytest.raises(DataError, match='no group has a subgroup area'):
        bias_score(bias_areas(truth, groups[:, 3:], scores), degenerate='skip')
    with pytest.raises(ConfigError, match='one of .*skip'):
        bias_score(areas, degenerate='drop')


def test_wrong_inputs_are_told(golden):
    truth, groups, scores = golden
    with pytest.raises(DataError, match=r'shapes \(N,\), \(N, K\)'):
        bias_areas(truth, groups.T, scores)
    with pytest.raises(DataError, match='`scores` must be finite; got .1 that are not'):
        bias_areas(truth, groups, np.where(scores == .9, np.nan, scores))


def test_truth_and_groups_as_one_number(golden):
    truth, groups, scores = golden
    codes = coded_groups(truth, groups)
    assert codes[2] == 0b111 and codes[0] == 0b010
    for got, want in zip(decoded_groups(codes), (truth, groups), strict=True):
        np.testing.assert_array_equal(got, want)
    metric = find_metric('bias-auc')
    assert metric.coded and metric.value(scores, codes) == coded_bias_auc(scores, codes)
    assert np.isnan(metric.value(scores[:2], codes[:2] | 1))
