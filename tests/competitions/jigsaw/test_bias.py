"""The score on the published example, and which of its rules bite."""
import numpy as np
import pytest

from mmcomp.competitions.jigsaw.bias import jigsaw_areas, jigsaw_score
from mmcomp.errors import DataError

TARGET = np.array([.0, .2, .5, .8, .1, .6, .49, 1., .0, .7, .3, .9])
IDENTITIES = np.array([[1., .5, .6, .4, .0, 1., .5, .0, .2, .9, .0, np.nan],
                       [.0, .0, 1., 1., .7, .2, .0, .5, .5, .0, 1., .1]]).T
SCORES = np.array([.10, .58, .35, .80, .20, .55, .60, .90, .05, .55, .45, .59])


def test_the_published_example():
    assert jigsaw_score(TARGET, IDENTITIES, SCORES) == pytest.approx(.729332, abs=5e-7)


def test_half_is_yes_nobody_asked_is_no_and_predictions_are_not_cut():
    assert jigsaw_score(TARGET - 1e-9, IDENTITIES, SCORES) != pytest.approx(.729332, abs=1e-3)
    np.testing.assert_array_equal(jigsaw_areas(TARGET, IDENTITIES, SCORES).counts[0], [3, 3, 3, 3])
    assert jigsaw_score(TARGET, IDENTITIES, SCORES / 10) == pytest.approx(.729332, abs=5e-7)
    assert jigsaw_score(TARGET, IDENTITIES, (SCORES >= .5).astype(float)) != pytest.approx(.729332, abs=1e-3)


def test_an_identity_that_nobody_was_asked_about():
    identities = np.column_stack([IDENTITIES, np.full(12, np.nan)])
    with pytest.raises(DataError, match='subgroup of group 2'):
        jigsaw_score(TARGET, identities, SCORES)
    assert jigsaw_score(TARGET, identities, SCORES, 'skip') == pytest.approx(.729332, abs=5e-7)
