"""Values of a data set's rows, through the wrappers around it."""
from collections.abc import Callable

import numpy as np
from mmengine.dataset import ClassBalancedDataset, RepeatDataset
from torch.utils.data import ConcatDataset, Subset


def values_of_rows(dataset: object, values_of: Callable[[object], np.ndarray]) -> np.ndarray:
    """One value for each row of a data set, in the order of its rows.

    Args:
        dataset: A data set, maybe within ``SeededDataset``, torch's or
            mmengine's wrappers, or several of them.
        values_of: The values of a data set without wrappers, ``(N,)``; it
            raises where there are none.

    Returns:
        ``(N,)``, N the rows of ``dataset``.
    """
    if hasattr(dataset, 'wrapped'):
        return values_of_rows(dataset.wrapped, values_of)
    if isinstance(dataset, ConcatDataset):
        return np.concatenate([values_of_rows(part, values_of) for part in dataset.datasets])
    if isinstance(dataset, RepeatDataset):
        return np.tile(values_of_rows(dataset.dataset, values_of), dataset.times)
    if isinstance(dataset, ClassBalancedDataset):
        return values_of_rows(dataset.dataset, values_of)[dataset.repeat_indices]
    if isinstance(dataset, Subset):
        return values_of_rows(dataset.dataset, values_of)[np.asarray(dataset.indices)]
    return np.asarray(values_of(dataset))
