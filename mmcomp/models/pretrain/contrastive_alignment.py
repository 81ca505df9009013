"""Bring the vectors of what belongs together close, before any fusion."""
import torch
import torch.nn.functional as F
from mmengine.dist import get_rank
from torch import nn

from mmcomp.models.necks.sequence_pooling import masked_mean
from mmcomp.registry import MODELS

from .alignment import gathered, own_places, products
from .feature_queue import FeatureQueue
from .momentum_teacher import taught_cross_entropy
from .pretraining_batch import PretrainingBatch
from .pretraining_task import PretrainingTask


@MODELS.register_module()
class ContrastiveAlignment(PretrainingTask):
    """InfoNCE between two modalities in both directions, plain (*CLIP*) or with queue and teacher (*ALBEF*).

    A vector is the mean over the tokens of the encoder, a linear layer, length
    1. Without a momentum teacher the candidates are the vectors of the batch on
    all ranks, with gradients; with one they are the teacher's, then those of the
    queue, and the teacher's similarities are mixed into the targets.

    Args:
        in_channels: Width of the tokens.
        out_channels: Width of the vectors.
        queue_size: Vectors that are kept of earlier batches, 0 for none; needs a
            teacher.
        temperature: Its start; it is learnt.
        temperature_range: Bounds that it is kept in.
        frames, text: Names of the modalities.
        name, weight, init_cfg: See :class:`PretrainingTask`.
    """
    turn = 1

    def __init__(self, in_channels: int = 768, out_channels: int = 768, queue_size: int = 0, temperature: float = 0.07,
                 temperature_range: tuple[float, float] = (0.001, 0.5), frames: str = 'frames', text: str = 'text',
                 name: str = 'itc', weight: float = 1.0, init_cfg: dict | list | None = None):
        super().__init__(name, weight, init_cfg)
        self.modalities, self.temperature_range = (frames, text), tuple(temperature_range)
        self.projections = nn.ModuleDict({name: nn.Linear(in_channels, out_channels) for name in self.modalities})
        self.temperature = nn.Parameter(torch.tensor(float(temperature)))
        self.queue = FeatureQueue(queue_size, out_channels, count=2) if queue_size else None
        self.needs_teacher = queue_size > 0

    def taught(self) -> nn.Module:
        return self.projections

    def loss(self, batch: PretrainingBatch, changed: None) -> dict[str, torch.Tensor]:
        with torch.no_grad():
            self.temperature.clamp_(*self.temperature_range)
        own = self._vectors(self.projections, {name: batch.clean(name) for name in self.modalities})
        teachers, candidates = self._candidates(batch, own)
        start, losses = len(batch) * get_rank(), []
        target = own_places(len(batch), batch.matched.device)
        for name, other in (self.modalities, self.modalities[::-1]):
            logits = products(own[name], candidates[other]) / self.temperature
            taught = None if batch.teacher is None else (
                products(teachers[name], candidates[other]) / self.temperature.detach())
            losses.append(taught_cross_entropy(logits, target, taught, getattr(batch.teacher, 'alpha', 0)))
            batch.similarities[name] = logits.detach()[:, start:start + len(batch)]
        return dict(loss=sum(losses) / 2, temperature=self.temperature.detach().clone())

    def _candidates(self, batch: PretrainingBatch, own: dict) -> tuple[dict | None, dict]:
        """The teacher's vectors of this rank's samples, and what each vector is held against, by modality."""
        if batch.teacher is None:
            return None, {name: gathered(vectors) for name, vectors in own.items()}
        with torch.no_grad():
            copies = batch.teacher.copies
            teachers = self._vectors(copies[self.name], {
                name: copies['encoders'][name](batch.inputs[name]) for name in self.modalities})
            candidates = {name: gathered(vectors) for name, vectors in teachers.items()}
            if self.queue is not None:
                fresh = [candidates[name] for name in self.modalities]
                candidates = {name: torch.cat([new, old]) for name, new, old in
                              zip(self.modalities, fresh, self.queue.features)}
                if self.training:
                    self.queue.put(*fresh)
        return teachers, candidates

    @staticmethod
    def _vectors(projections: nn.ModuleDict, sequences: dict) -> dict[str, torch.Tensor]:
        return {name: F.normalize(projections[name](masked_mean(sequence.tokens, sequence.mask)).float(), dim=1)
                for name, sequence in sequences.items()}
