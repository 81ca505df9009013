"""Samples of several modalities to padded batches on the model's device."""
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmengine.model import BaseDataPreprocessor

from mmcomp.errors import ConfigError, DataError, did_you_mean, fault
from mmcomp.registry import MODELS

from .token_data_preprocessor import pad_ids

# Mean and deviation of RGB values 0 to 255.
NORMALIZATIONS = {
    'imagenet': ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    'clip': ((122.7709383, 116.7460125, 104.09373615), (68.5005327, 66.6321579, 70.32316305)),
    'half': ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
}


def pad_rows(rows: Sequence, shape: tuple[int, ...], length: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """B sequences of arrays to ``(B, L, *shape)``, zeros behind each, and their ``mask (B, L)``.

    Args:
        rows: Arrays or tensors ``(n, *shape)``; an empty one may have any shape.
        shape: Of one member of a sequence.
        length: L; by default the longest sequence, and at least 1.

    Raises:
        DataError: If a row is longer than ``length``, or of another shape.
    """
    lengths = torch.tensor([len(row) for row in rows])
    longest = max(1, int(lengths.max()))
    if length is not None and longest > length:
        raise DataError(fault('ModalityDataPreprocessor', 'rows of a sample', f'at most {length}, its `lengths`',
                              longest, 'Take fewer in the data pipeline, or raise it.'))
    filled = [torch.as_tensor(row) for row in rows if len(row)]
    wrong = [tuple(row.shape[1:]) for row in filled if tuple(row.shape[1:]) != tuple(shape)]
    if wrong:
        raise DataError(fault('ModalityDataPreprocessor', 'shape of a row', f'{tuple(shape)} in all samples', wrong[0],
                              'Check the feature files, or `in_channels` of the encoder.'))
    mask = torch.arange(length or longest) < lengths[:, None]
    padded = torch.zeros(*mask.shape, *shape, dtype=filled[0].dtype if filled else torch.float32)
    for place, row in enumerate(rows):  # not torch.cat, to which autocast has something to say
        if len(row):
            padded[place, :len(row)] = torch.as_tensor(row)
    return padded, mask


@MODELS.register_module()
class ModalityDataPreprocessor(BaseDataPreprocessor):
    """Pads each modality of a batch by itself, and normalises images.

    A sample's ``inputs`` are ``dict(name=array)``. An array of whole numbers ``(L,)`` is token ids and becomes
    ``dict(ids, mask)``; features ``(T, D)`` become ``dict(features, mask)``; images ``(T, 3, H, W)`` of uint8, RGB,
    become ``dict(images, mask)``. A modality that a sample lacks is an array of length 0 and comes out as padding,
    at least one place wide.

    Args:
        pad_multiple: Widths of ids are rounded up to a multiple of it.
        lengths: Fixed widths by modality, ``dict(text=258)``, for static shapes.
        channels: Widths of features by modality; those of the encoders are learnt
            from them. Needed for batches in which no sample has the modality.
        normalization: ``clip``, ``imagenet`` or ``half`` (to -1 … 1) of images, or ``dict(mean=…, std=…)``
            in values from 0 to 255.
        non_blocking: As of ``BaseDataPreprocessor``.

    Raises:
        ConfigError: On an unknown normalization.
    """

    def __init__(self, pad_multiple: int = 8, lengths: dict[str, int] | None = None,
                 channels: dict[str, int] | None = None, normalization: str | dict = 'clip',
                 non_blocking: bool | None = False, **kwargs):
        super().__init__(non_blocking=non_blocking)
        self.pad_multiple, self.lengths, self.channels = pad_multiple, dict(lengths or {}), dict(channels or {})
        if isinstance(normalization, str) and normalization not in NORMALIZATIONS:
            raise ConfigError(fault('ModalityDataPreprocessor', 'normalization', f'one of {tuple(NORMALIZATIONS)}',
                                    normalization, f'Correct it.{did_you_mean(normalization, NORMALIZATIONS)}'))
        mean, std = (NORMALIZATIONS[normalization] if isinstance(normalization, str)
                     else (normalization['mean'], normalization['std']))
        self.register_buffer('mean', torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), False)
        self.register_buffer('std', torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), False)

    def learn_channels(self, encoders: Mapping[str, torch.nn.Module]) -> None:
        """Take the widths of features from the encoders that have ``in_channels``."""
        for name, encoder in encoders.items():
            if getattr(encoder, 'in_channels', None):
                self.channels.setdefault(name, encoder.in_channels)

    def forward(self, data: dict, training: bool = False) -> dict:
        """``inputs``, a dict of lists or a list of dicts, to padded tensors; ``data_samples`` go along."""
        inputs = data['inputs']
        if not isinstance(inputs, Mapping):
            inputs = {name: [sample[name] for sample in inputs] for name in inputs[0]}
        padded = {name: self._pad(name, rows) for name, rows in inputs.items()}
        prepared = self.cast_data(dict(inputs=padded, data_samples=data.get('data_samples')))
        for modality in prepared['inputs'].values():
            # Half-precision features and bytes travel as they are and are widened where they are used.
            if 'features' in modality:
                modality['features'] = modality['features'].float()
            elif 'images' in modality:
                modality['images'] = (modality['images'].float() - self.mean) / self.std
        return prepared

    def _pad(self, name: str, rows: Sequence) -> dict[str, torch.Tensor]:
        example = next((row for row in rows if len(row)), rows[0])
        if _is_integer(example) and example.ndim == 1:
            return self._pad_ids(name, rows)
        if example.ndim == 4:
            images, mask = pad_rows(rows, tuple(example.shape[1:]), self.lengths.get(name))
            return dict(images=images, mask=mask)
        width = self.channels.get(name) or (example.shape[1] if example.ndim == 2 else 1)
        features, mask = pad_rows(rows, (width, ), self.lengths.get(name))
        return dict(features=features, mask=mask)

    def _pad_ids(self, name: str, rows: Sequence) -> dict[str, torch.Tensor]:
        if name not in self.lengths:
            return pad_ids(rows, self.pad_multiple)
        ids, mask = pad_rows([np.asarray(row, dtype=np.int64) for row in rows], (), self.lengths[name])
        return dict(ids=ids.long(), mask=mask)


def _is_integer(array: np.ndarray | torch.Tensor) -> bool:
    if isinstance(array, torch.Tensor):
        return not array.is_floating_point()
    return np.issubdtype(array.dtype, np.integer)
