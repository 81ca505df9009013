"""Encoder, pooling, head."""
from mmpretrain.models import ImageClassifier

from mmcomp.registry import MODELS


@MODELS.register_module()
class SequenceClassifier(ImageClassifier):
    """mmpretrain's classifier around an encoder of sequences.

    The flow is the same, ``backbone`` to ``neck`` to ``head``; only the inputs are
    no images, so they are prepared differently.

    Args:
        backbone: Config of an encoder that emits a ``TokenSequence``.
        neck: Config of a pooling.
        head: Config of any head on a vector, ``ArcFaceHead`` among them.
        data_preprocessor: By default :class:`TokenDataPreprocessor`.
        **kwargs: ``pretrained``, ``init_cfg``.
    """

    def __init__(self, backbone: dict, neck: dict, head: dict, data_preprocessor: dict | None = None, **kwargs):
        preprocessor = dict(data_preprocessor or {})
        preprocessor.setdefault('type', 'TokenDataPreprocessor')
        super().__init__(backbone, neck, head, data_preprocessor=preprocessor, **kwargs)
