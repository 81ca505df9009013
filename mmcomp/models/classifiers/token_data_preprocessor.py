"""Samples of token ids to a padded batch on the model's device."""
import numpy as np
import torch
from mmengine.model import BaseDataPreprocessor

from mmcomp.registry import MODELS


def pad_ids(rows: list, multiple: int = 8) -> dict[str, torch.Tensor]:
    """``ids (B, L)`` and ``mask (B, L)`` of B rows of ids; L is the longest, rounded up, and at least 1.

    Args:
        rows: 1-D arrays or tensors of whole numbers.
        multiple: L is rounded up to a multiple of it, which matrix units like.
    """
    lengths = torch.tensor([len(row) for row in rows])
    width = -(-max(1, int(lengths.max())) // multiple) * multiple
    mask = torch.arange(width) < lengths[:, None]
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    ids[mask] = torch.from_numpy(np.concatenate([np.asarray(row, dtype=np.int64) for row in rows]))
    return dict(ids=ids, mask=mask)


@MODELS.register_module()
class TokenDataPreprocessor(BaseDataPreprocessor):
    """Pads what ``pseudo_collate`` lists; what padding holds is the encoder's business, the mask tells where it is.

    Args:
        pad_multiple: Lengths are rounded up to a multiple of it.
        non_blocking: As of ``BaseDataPreprocessor``.
    """

    def __init__(self, pad_multiple: int = 8, non_blocking: bool | None = False, **kwargs):
        super().__init__(non_blocking=non_blocking)
        self.pad_multiple = pad_multiple

    def forward(self, data: dict, training: bool = False) -> dict:
        """``inputs``, B arrays of ids, to ``dict(ids, mask)``; ``data_samples`` go along."""
        inputs = pad_ids(data['inputs'], self.pad_multiple)
        return self.cast_data(dict(inputs=inputs, data_samples=data.get('data_samples')))
