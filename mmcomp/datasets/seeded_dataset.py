"""Samples whose random numbers come with their index."""
from torch.utils.data import Dataset

from mmcomp.randomness import seed_all
from mmcomp.registry import DATASETS


class SeededIndex(int):
    """A row of a data set, and the seed that its sample is made with."""

    def __new__(cls, row: int, seed: int) -> 'SeededIndex':
        index = super().__new__(cls, row)
        index.seed = seed
        return index

    def __reduce__(self):
        return SeededIndex, (int(self), self.seed)


@DATASETS.register_module()
class SeededDataset(Dataset):
    """Seeds all random numbers before each sample that is asked for by a :class:`SeededIndex`.

    An augmentation then depends neither on the worker that makes it nor on the
    samples before it. Everything else is the wrapped data set's.

    Args:
        dataset: A data set, or the config of one.
    """

    def __init__(self, dataset):
        self.wrapped = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset

    def __getattr__(self, name: str):
        # While a copy is unpickled there is nothing to ask yet.
        if name == 'wrapped' or name.startswith('__'):
            raise AttributeError(name)
        return getattr(self.wrapped, name)

    def __len__(self) -> int:
        return len(self.wrapped)

    def __getitem__(self, index: int):
        if isinstance(index, SeededIndex):
            seed_all(index.seed)
        return self.wrapped[int(index)]
