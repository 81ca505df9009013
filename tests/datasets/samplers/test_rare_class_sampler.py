"""How often rows come, by the size of their class."""
from collections import Counter

import numpy as np
import pytest
from torch.utils.data import ConcatDataset

from mmcomp.datasets.samplers import RareClassSampler
from mmcomp.datasets.samplers.rare_class_sampler import RULES, times_by_class
from mmcomp.errors import ConfigError, DataError


class Rows(list):
    """A data set that tells its labels."""

    def get_gt_labels(self):
        return np.array(self)


LABELS = [0] * 40 + [1] * 12 + [2] * 3
RARE = ((5, 4), (20, 2.5))


def epoch(number=0, dataset=None, **options):
    sampler = RareClassSampler(Rows(LABELS) if dataset is None else dataset, seed=3, **options)
    sampler.set_epoch(number)
    rows = list(sampler)
    assert len(rows) == len(sampler)
    return rows


def test_the_lowest_rule_counts():
    counts = np.array([19, 99, 100, 499, 500, 999, 1000, 9000])
    assert times_by_class(counts, RULES).tolist() == [5, 5, 3, 3, 2, 2, 1, 1]
    assert times_by_class(counts, RULES[::-1]).tolist() == [5, 5, 3, 3, 2, 2, 1, 1]


def test_rows_of_rare_classes_come_several_times():
    counts = Counter(epoch(rules=RARE))
    assert [counts[row] for row in range(40)] == [1] * 40 and [counts[row] for row in range(52, 55)] == [4] * 3
    assert sorted(counts[row] for row in range(40, 52)) == [2] * 6 + [3] * 6
    assert epoch(rules=RARE) == epoch(rules=RARE) != epoch(1, rules=RARE)
    assert epoch(shuffle=False, rules=((5, 2), )) == [*range(52), 52, 52, 53, 53, 54, 54]
    assert sorted(epoch(rules=())) == list(range(55))
    # Classes are counted over the parts of a data set.
    parts = ConcatDataset([Rows(LABELS[:30]), Rows(LABELS[30:])])
    assert epoch(dataset=parts, rules=RARE) == epoch(rules=RARE)


def test_ranks_share_the_rows_of_one(monkeypatch):
    alone, ranks = epoch(rules=RARE), []
    for rank in range(4):
        monkeypatch.setattr('mmengine.dataset.sampler.get_dist_info', lambda rank=rank: (rank, 4))
        ranks.append(epoch(rules=RARE))
    assert {len(rows) for rows in ranks} == {-(-len(alone) // 4)}
    together = [row for rows in zip(*ranks) for row in rows]
    assert together[:len(alone)] == alone


def test_settings():
    for wrong in (((0, 5), ), ((100, 0), ), ((100, ), )):
        with pytest.raises(ConfigError, match='rules'):
            epoch(rules=wrong)
    with pytest.raises(DataError, match='get_gt_labels'):
        epoch(dataset=range(5))
