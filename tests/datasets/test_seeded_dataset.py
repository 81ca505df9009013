"""A sample depends on its seed alone."""
import pickle
import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmcomp.datasets.seeded_dataset import SeededDataset, SeededIndex
from mmcomp.randomness import derive_seed


class Noise:
    """Three random numbers a row, one of each library."""
    metainfo = dict(classes=('a', ))

    def __len__(self):
        return 6

    def __getitem__(self, row):
        assert type(row) is int
        return row, random.random(), np.random.rand(), torch.rand(()).item()


def rows(order, workers):
    indices = [SeededIndex(row, derive_seed(1, row)) for row in order]
    loader = DataLoader(SeededDataset(Noise()), batch_sampler=[indices[i:i + 2] for i in range(0, len(indices), 2)],
                        num_workers=workers, collate_fn=list)
    return {sample[0]: sample for batch in loader for sample in batch}


@pytest.mark.parametrize('workers', [1, 2])
def test_order_and_workers_do_not_matter(workers):
    expected = rows(range(6), 0)
    assert len({value for sample in expected.values() for value in sample[1:]}) == 18
    assert rows([5, 0, 3, 1, 2, 4], workers) == expected


def test_it_is_the_data_set_it_wraps():
    dataset = pickle.loads(pickle.dumps(SeededDataset(Noise())))
    assert len(dataset) == 6 and dataset.metainfo == Noise.metainfo
    with pytest.raises(AttributeError):
        dataset.nothing_of_this_name  # noqa: B018
    index = pickle.loads(pickle.dumps(SeededIndex(3, 9)))
    assert (index, index.seed) == (3, 9)
