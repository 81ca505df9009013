"""One modality of a fused sequence, pooled."""
import torch
from mmengine.model import BaseModule

from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence


@MODELS.register_module()
class PartPooling(BaseModule):
    """Pools the tokens that one modality has after the fusion.

    Args:
        part: Name of the modality, such as ``text``.
        pooling: Config of the neck that pools them; by default the mean.
        init_cfg: Config of the initialization.
    """

    def __init__(self, part: str, pooling: dict | None = None, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        self.part, self.pooling = part, MODELS.build(pooling or dict(type='SequencePooling', mode='mean'))

    def forward(self, sequence: TokenSequence) -> tuple[torch.Tensor]:
        """A fused :class:`TokenSequence` to what the pooling makes of its part."""
        return self.pooling(sequence.part(self.part))
