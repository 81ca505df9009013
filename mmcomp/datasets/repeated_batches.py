"""Batches in which every sample comes several times."""
from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS as STOCK

from mmcomp.registry import FUNCTIONS


@FUNCTIONS.register_module()
def repeat_batch(samples: list[dict], times: int = 2, then: str | None = None) -> dict:
    """B samples, one after the other, then all of them again: ``times * B`` rows that are loaded B times.

    For losses of several passes, such as ``RDropLoss``. Use it as
    ``collate_fn=dict(type='mmcomp.repeat_batch')``.

    Args:
        samples: Of a data set.
        times: How often each comes.
        then: Name of a further collate function (default ``pseudo_collate``).
    """
    rows = [*samples]
    for _ in range(times - 1):
        rows += [_twin(sample) for sample in samples]
    return (pseudo_collate if then is None else FUNCTIONS.get(then) or STOCK.get(then))(rows)


def _twin(sample: object) -> object:
    """The sample with a ``data_samples`` of its own, which models may write to."""
    if isinstance(sample, dict) and hasattr(sample.get('data_samples'), 'clone'):
        return dict(sample, data_samples=sample['data_samples'].clone())
    return sample
