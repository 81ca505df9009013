"""Two passes of one text with other dropout are each other's partner."""
import torch
import torch.nn.functional as F

from mmcomp.errors import ConfigError, fault
from mmcomp.models.necks.sequence_pooling import POOLINGS
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

from .alignment import in_batch_contrast
from .pretraining_batch import PretrainingBatch
from .pretraining_task import PretrainingTask


@MODELS.register_module()
class SimCSE(PretrainingTask):
    """Contrast between two dropouts of the same sample (Gao et al., 2021), one modality alone.

    The first pass is the one that other tasks use; the second is this task's.

    Args:
        temperature: Products of unit vectors are divided by it.
        pooling: How tokens are pooled: ``cls``, ``mean``, ``max`` or ``last``.
        fused: Whether the modality goes through the fusion, alone, after its
            encoder; for encoders without dropout, such as :class:`WordEmbeddings`.
        modality: Its name.
        name, weight, init_cfg: See :class:`PretrainingTask`.
    """

    def __init__(self, temperature: float = 0.05, pooling: str = 'cls', fused: bool = False, modality: str = 'text',
                 name: str = 'simcse', weight: float = 1.0, init_cfg: dict | list | None = None):
        super().__init__(name, weight, init_cfg)
        if pooling not in POOLINGS:
            raise ConfigError(fault('SimCSE', 'pooling', f'one of {tuple(POOLINGS)}', pooling, 'Correct it.'))
        self.temperature, self.pooling, self.modality, self.needs_fusion = temperature, pooling, modality, fused

    def loss(self, batch: PretrainingBatch, changed: None) -> dict[str, torch.Tensor]:
        again = batch.encoders[self.modality](batch.inputs[self.modality])
        one, other = (self._vector(batch, sequence) for sequence in (batch.clean(self.modality), again))
        return dict(loss=in_batch_contrast(one, other, self.temperature))

    def _vector(self, batch: PretrainingBatch, sequence: TokenSequence) -> torch.Tensor:
        if self.needs_fusion:
            sequence = batch.fused({self.modality: sequence}).part(self.modality)
        return F.normalize(POOLINGS[self.pooling](sequence.tokens, sequence.mask).float(), dim=1)
