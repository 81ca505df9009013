import numpy as np
import pytest

from mmcomp.datasets.truncation import head_share, truncate
from mmcomp.errors import ConfigError

TOKENS = np.arange(10)


@pytest.mark.parametrize(('mode', 'ratio', 'budget', 'kept'), [
    ('head', .25, 4, [0, 1, 2, 3]),
    ('tail', .25, 4, [6, 7, 8, 9]),
    ('head_tail', .25, 4, [0, 7, 8, 9]),
    ('head_tail', .25, 8, [0, 1, 4, 5, 6, 7, 8, 9]),
    ('head_tail', 1., 3, [0, 1, 2]),
    ('head_tail', 0., 3, [7, 8, 9]),
    ('head_tail', .25, 1, [9]),
    ('tail', .25, 10, list(range(10))),
    ('tail', .25, None, list(range(10))),
])
def test_what_is_kept(mode, ratio, budget, kept):
    assert truncate(TOKENS, budget, head_share(mode, ratio)).tolist() == kept


def test_the_split_of_sun_et_al():
    kept = truncate(np.arange(1000), 510, 128 / 510)
    assert kept.tolist() == [*range(128), *range(1000 - 382, 1000)]


@pytest.mark.parametrize(('mode', 'ratio'), [('middle', .5), ('head_tail', 1.5)])
def test_what_is_wrong_is_named(mode, ratio):
    with pytest.raises(ConfigError, match='head_ratio'):
        head_share(mode, ratio)
