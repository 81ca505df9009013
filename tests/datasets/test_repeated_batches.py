"""A batch of pairs, loaded once."""
import torch
from mmengine.registry import FUNCTIONS
from mmpretrain.structures import DataSample

from mmcomp.datasets.repeated_batches import repeat_batch


def test_the_second_half_is_the_first():
    samples = [dict(inputs=torch.full((2, ), n), data_samples=DataSample().set_gt_label(n)) for n in range(3)]
    batch = repeat_batch(samples)
    assert [int(inputs[0]) for inputs in batch['inputs']] == [0, 1, 2, 0, 1, 2]
    assert [int(sample.gt_label) for sample in batch['data_samples']] == [0, 1, 2, 0, 1, 2]
    assert len({id(sample) for sample in batch['data_samples']}) == 6
    assert batch['inputs'][0] is batch['inputs'][3], 'no copy of what was loaded'


def test_another_collate_function_and_the_name_that_a_loader_finds():
    assert FUNCTIONS.get('mmcomp.repeat_batch') is repeat_batch
    batch = repeat_batch([dict(inputs=torch.ones(2))], times=3, then='default_collate')
    assert batch['inputs'].shape == (3, 2)
