"""The features of the last batches."""
import torch
import torch.nn.functional as F
from torch import nn

from mmcomp.errors import ConfigError, fault


class FeatureQueue(nn.Module):
    """A first-in, first-out memory of unit vectors, in every checkpoint (*MoCo*, He et al., 2020).

    It begins with random vectors. All ranks must put in the same features.

    Args:
        size: Vectors that it holds.
        channels: Their width.
        count: Kinds of features that go in together, such as 2 for texts and
            videos.

    Raises:
        ConfigError: If the size is no multiple of the first batch.
    """

    def __init__(self, size: int, channels: int, count: int = 1):
        super().__init__()
        self.register_buffer('features', F.normalize(torch.randn(count, size, channels), dim=2))
        self.register_buffer('next', torch.zeros((), dtype=torch.long))
        self._checked = False

    def put(self, *features: torch.Tensor) -> None:
        """Put the batch of each kind, ``(B, C)``, in the place of the oldest.

        A smaller last batch of an epoch goes over the end and on from the front.
        """
        size, batch = self.features.shape[1], len(features[0])
        if batch > size or size % batch and not self._checked:
            raise ConfigError(fault('FeatureQueue', 'size', f'a multiple of the batch of all ranks, {batch}', size,
                                    'Change `queue_size` or the batch size.'))
        self._checked = True
        places = (self.next + torch.arange(batch, device=self.next.device)) % size
        for of_kind, new in zip(self.features, features, strict=True):
            of_kind[places] = new.detach().to(of_kind.dtype)
        self.next.copy_((self.next + batch) % size)

    def _load_from_state_dict(self, *args, **kwargs):
        super()._load_from_state_dict(*args, **kwargs)
        # A resumed training may go on with the smaller last batch.
        self._checked = True
