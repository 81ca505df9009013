"""Which rows of which corpus come when."""
from collections import Counter

import pytest
from torch.utils.data import ConcatDataset

from mmcomp.datasets.samplers import CorporaSampler
from mmcomp.datasets.samplers.resumable_batch_sampler import ResumableBatchSampler
from mmcomp.errors import ConfigError

CORPORA = ConcatDataset([range(10), range(5)])


def epoch(number=0, **options):
    sampler = CorporaSampler(CORPORA, seed=3, **options)
    sampler.set_epoch(number)
    rows = list(sampler)
    assert len(rows) == len(sampler)
    return rows


def test_one_after_the_other():
    rows = epoch()
    assert sorted(rows[:10]) == list(range(10)) and sorted(rows[10:]) == list(range(10, 15))
    assert rows == epoch() != epoch(1) and rows[:10] != sorted(rows[:10])
    assert sorted(epoch(order=[1, 0])[:5]) == list(range(10, 15))
    assert epoch(shuffle=False) == list(range(15))
    mixed = epoch(mixed=True)
    assert sorted(mixed) == list(range(15)) and max(mixed[:10]) >= 10


def test_shares():
    counts = Counter(epoch(shares=[0.5, 2.2]))
    assert sum(counts[row] for row in range(10)) == 5 and set(counts.values()) <= {1, 2, 3}
    assert sorted(counts[row] for row in range(10, 15)) == [2, 2, 2, 2, 3]
    assert len(set(epoch(0, shares=[0.5, 0])) | set(epoch(1, shares=[0.5, 0]))) > 5


def test_ranks_share_the_rows_of_one(monkeypatch):
    alone, ranks = epoch(), []
    for rank in range(2):
        monkeypatch.setattr('mmengine.dataset.sampler.get_dist_info', lambda rank=rank: (rank, 2))
        ranks.append(epoch())
    assert [row for pair in zip(*ranks) for row in pair] == [*alone, alone[0]]


def test_batches_go_on_in_the_middle():
    def batches(start):
        sampler = ResumableBatchSampler(CorporaSampler(CORPORA), 4, drop_last=True)
        sampler.place(seed=5, epoch=1, start=start)
        assert len(sampler) == 3
        return [[int(row) for row in batch] for batch in sampler]

    assert batches(0)[1:] == batches(1)


@pytest.mark.parametrize('options', [dict(order=[0]), dict(order=[0, 2]), dict(shares=[1.0]), dict(shares=[1, -1])])
def test_parts_that_there_are_not(options):
    with pytest.raises(ConfigError, match='order, shares'):
        CorporaSampler(CORPORA, **options)
    with pytest.raises(ConfigError, match='ConcatDataset'):
        CorporaSampler(range(4), **options)
