"""The end of a text pipeline."""
import torch
from mmpretrain.structures import DataSample

from mmcomp.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackTokens:
    """Pack a row of a text data set for a model.

    Takes ``tokens`` ``(L,)`` and, where they are there, ``gt_label``,
    ``gt_score`` ``(T,)``, ``sample_id``, ``weight`` and ``groups`` ``(K,)``.

    Returns ``dict(inputs=(L,) int32 array, data_samples=DataSample)``; id,
    weight and groups are meta information of the sample.
    """

    def __call__(self, results: dict) -> dict:
        sample = DataSample()
        if 'gt_label' in results:
            sample.set_gt_label(results['gt_label'])
        if 'gt_score' in results:
            sample.set_gt_score(torch.as_tensor(results['gt_score'], dtype=torch.float32))
        sample.set_metainfo({key: results[key] for key in ('sample_id', 'weight', 'groups') if key in results})
        return dict(inputs=results['tokens'], data_samples=sample)
