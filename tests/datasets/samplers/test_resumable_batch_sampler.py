"""Batches from any batch on; the same for every number of ranks; each row with a seed of its own."""
import pytest
from mmengine.dataset import DefaultSampler, InfiniteSampler

from mmcomp.datasets.samplers import resumable_batch_sampler
from mmcomp.datasets.samplers.resumable_batch_sampler import ResumableBatchSampler


@pytest.fixture
def dealt(monkeypatch):
    """``dealt(sampler type, rows, global batch, ranks, …)``: batches of all ranks as (row, seed); how many."""

    def deal(kind, rows, total, ranks, epoch=0, start=0, seed=3, count=None, **kwargs):
        by_rank, length = [], set()
        for rank in range(ranks):
            monkeypatch.setattr(resumable_batch_sampler, 'get_dist_info', lambda rank=rank: (rank, ranks))
            sampler = ResumableBatchSampler(kind(range(rows), shuffle=True, seed=0), total // ranks, **kwargs)
            sampler.place(seed, epoch, start)
            by_rank.append([batch for batch, _ in zip(sampler, range(10**6 if count is None else count), strict=False)])
            length.add(len(sampler))
        (length, ) = length
        joined = []
        for parts in zip(*by_rank, strict=True):
            assert len({len(part) for part in parts}) == 1, 'ranks have batches of one size'
            joined.append([(int(part[i]), part[i].seed) for i in range(len(parts[0])) for part in parts])
        return joined, length

    return deal


@pytest.mark.parametrize('rows', [64, 67, 127, 5])
@pytest.mark.parametrize('drop_last', [False, True])
def test_the_number_of_ranks_changes_nothing(dealt, rows, drop_last):
    alone, length = dealt(DefaultSampler, rows, 8, 1, drop_last=drop_last)
    assert len(alone) == length == (rows // 8 if drop_last else -(-rows // 8))
    flat = [row for batch in alone for row, _ in batch]
    assert len(set(flat)) == len(flat) and (drop_last or sorted(flat) == list(range(rows)))
    for ranks in (2, 4, 8):
        joined, other_length = dealt(DefaultSampler, rows, 8, ranks, drop_last=drop_last)
        assert other_length == length
        assert [batch[:len(full)] for batch, full in zip(joined, alone, strict=True)] == alone
        padding = [row for batch, full in zip(joined, alone, strict=True) for row, _ in batch[len(full):]]
        assert len(padding) < ranks and padding == (flat * ranks)[:len(padding)], 'as DefaultSampler rounds up'


@pytest.mark.parametrize('kind', [DefaultSampler, InfiniteSampler])
@pytest.mark.parametrize('ranks', [1, 2])
def test_it_begins_in_the_middle(dealt, kind, ranks):
    whole, _ = dealt(kind, 50, 4, ranks, count=30)
    for start in (1, 5, len(whole)):
        assert dealt(kind, 50, 4, ranks, start=start, count=30 - start)[0] == whole[start:]


def test_an_endless_sampler_goes_on_after_its_data(dealt):
    batches, length = dealt(InfiniteSampler, 6, 4, 2, count=9)
    assert length == 2 and len(batches) == 9
    rows = [row for batch in batches for row, _ in batch]
    assert [sorted(rows[i:i + 6]) for i in range(0, 36, 6)] == [list(range(6))] * 6


def test_epochs_and_seeds_differ(dealt):
    first, second = (dealt(DefaultSampler, 40, 8, 2, epoch=epoch)[0] for epoch in (0, 1))
    other = dealt(DefaultSampler, 40, 8, 2, seed=9)[0]
    seeds = [seed for batches in (first, second, other) for batch in batches for _, seed in batch]
    assert len(set(seeds)) == len(seeds) == 120
    assert len({tuple(row for batch in batches for row, _ in batch) for batches in (first, second, other)}) == 3


def test_a_sampler_that_ties_its_order_to_the_ranks_is_taken_as_it_is(monkeypatch):

    class Odd(DefaultSampler):
        """Rows of this rank in an order of its own."""

        def __iter__(self):
            return iter(sorted(super().__iter__()))

    sampler = ResumableBatchSampler(Odd(range(10), seed=0), 3)
    assert not sampler.elastic and len(sampler) == 4
    sampler.place(0, 0, 2)
    assert [list(map(int, batch)) for batch in sampler] == [[6, 7, 8], [9]]


def test_a_batch_sampler_of_the_config_is_kept():
    own = dict(type='ResumableBatchSampler', drop_last=True)
    sampler = ResumableBatchSampler(DefaultSampler(range(10), shuffle=False, seed=0), 3, batch_sampler=own)
    sampler.place(0, 0, 1)
    assert [list(map(int, batch)) for batch in sampler] == [[3, 4, 5], [6, 7, 8]] and not sampler.elastic
