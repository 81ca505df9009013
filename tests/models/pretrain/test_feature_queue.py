"""The queue: first in, first out, round the end, and through a checkpoint."""
import pytest
import torch

from mmcomp.errors import ConfigError
from mmcomp.models.pretrain.feature_queue import FeatureQueue


def _batches(sizes):
    values = iter(range(1, 100))
    for size in sizes:
        batch = torch.tensor([[float(next(values))] for _ in range(size)])
        yield batch, -batch


def test_the_oldest_go_first_also_over_the_end():
    torch.manual_seed(0)
    queue = FeatureQueue(6, 1, count=2)
    assert torch.equal(queue.features.abs(), torch.ones(2, 6, 1))
    for batch in _batches([2, 2, 1, 2, 2]):
        queue.put(*batch)
    # A smaller batch has moved the places by one: the last goes on from the front.
    assert queue.features[0, :, 0].tolist() == [7, 8, 9, 4, 5, 6] and int(queue.next) == 3
    assert torch.equal(queue.features[0], -queue.features[1])
    other = FeatureQueue(6, 1, count=2)
    other.load_state_dict(queue.state_dict())
    for batch in _batches([2, 2]):
        queue.put(*batch)
        other.put(*batch)
    assert torch.equal(queue.features, other.features) and int(other.next) == 1
    other.put(*next(_batches([4])))


@pytest.mark.parametrize('batch', [4, 12])
def test_a_batch_that_does_not_divide_the_queue(batch):
    with pytest.raises(ConfigError, match=f'must be a multiple of the batch of all ranks, {batch}; got 6'):
        FeatureQueue(6, 1).put(torch.zeros(batch, 1))
