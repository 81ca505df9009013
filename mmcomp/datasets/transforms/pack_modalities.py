"""The end of a pipeline of several modalities."""
from collections.abc import Sequence

import numpy as np
import torch
from mmpretrain.structures import DataSample

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import TRANSFORMS

SOURCES = dict(text='tokens', frames='frames')


@TRANSFORMS.register_module()
class PackModalities:
    """Pack a sample of words and frames for a model.

    Takes ``tokens`` ``(L,)`` and ``frames``, features ``(T, D)`` or images
    ``(T, 3, H, W)``, and, where they are there, ``gt_label``, ``gt_score``
    ``(C,)``, ``sample_id`` and others.

    Returns ``dict(inputs=dict(text=(L,) int32, frames=…),
    data_samples=DataSample)``; a modality that a sample lacks has length 0.

    Args:
        modalities: What to pack; a model of one modality asks for that alone.
        meta_keys: Meta information of the sample.

    Raises:
        ConfigError: If a modality is unknown.
    """

    def __init__(self, modalities: Sequence[str] = ('text', 'frames'),
                 meta_keys: Sequence[str] = ('sample_id', 'weight')):
        self.modalities, self.meta_keys = list(modalities), tuple(meta_keys)
        if not self.modalities or not set(self.modalities) <= SOURCES.keys():
            raise ConfigError(fault('PackModalities', 'modalities', f'some of {tuple(SOURCES)}', modalities,
                                    'Correct the config.'))

    def __call__(self, results: dict) -> dict:
        sample = DataSample()
        if 'gt_label' in results:
            sample.set_gt_label(results['gt_label'])
        if 'gt_score' in results:
            sample.set_gt_score(torch.as_tensor(results['gt_score'], dtype=torch.float32))
        sample.set_metainfo({key: results[key] for key in self.meta_keys if key in results})
        inputs = {name: np.ascontiguousarray(results[SOURCES[name]]) for name in self.modalities}
        return dict(inputs=inputs, data_samples=sample)
