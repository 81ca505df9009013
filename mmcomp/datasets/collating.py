"""Samples to a batch, for those who want no more than the inputs."""
from torch import Tensor
from torch.utils.data import default_collate


def collate_inputs(samples: list[dict]) -> dict:
    """The inputs of B samples, of one shape as one tensor, ``(B, …)``; a list of these where there are views.

    A loader worker then hands over one piece of memory and no objects, and a
    batch is normalised in one go.

    Args:
        samples: Each with ``inputs``, an array, a tensor or a list of views.
    """
    inputs = [sample['inputs'] for sample in samples]
    if isinstance(inputs[0], (list, tuple)):
        return dict(inputs=[_stacked(view) for view in zip(*inputs)])
    return dict(inputs=_stacked(inputs))


def _stacked(inputs) -> Tensor | list:
    alike = all(isinstance(one, Tensor) and one.shape == inputs[0].shape for one in inputs)
    return default_collate(list(inputs)) if alike else list(inputs)
