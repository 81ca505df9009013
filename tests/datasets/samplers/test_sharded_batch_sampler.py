import pytest

from mmcomp.datasets import ShardedBatchSampler


@pytest.mark.parametrize('world', [1, 2, 3, 8])
@pytest.mark.parametrize('count', [0, 1, 7, 32])
def test_every_row_once_in_the_same_batches_on_any_number_of_ranks(count, world):
    rows = [3 * i + 1 for i in range(count)]
    alone = list(ShardedBatchSampler(rows, 4))
    shards = [list(ShardedBatchSampler(rows, 4, rank, world)) for rank in range(world)]
    assert [row for batch in alone for row in batch] == rows
    assert sorted(sum(shards, [])) == sorted(alone)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
