"""A classifier that is taught by a slow copy of itself, too."""
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub
from mmpretrain.structures import DataSample
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.models.pretrain.momentum_teacher import MomentumTeacher
from mmcomp.registry import MODELS

from .multimodal_classifier import MultimodalClassifier, encode_modalities, extract_features


def distillation_loss(logits: torch.Tensor, teacher_logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """``CE(logits, softmax(teacher_logits / temperature))``, mean over rows ``(B, C)``; no gradient to the teacher."""
    return F.cross_entropy(logits.float(), (teacher_logits.detach().float() / temperature).softmax(dim=1))


@MODELS.register_module()
class SelfDistilledClassifier(MultimodalClassifier):
    """:class:`MultimodalClassifier` whose loss has a second term: to say what its momentum copy says without dropout.

    The loss is that of the head plus ``alpha * distillation_loss``, where ``alpha`` grows from 0 to
    that of the teacher in the first epoch (ALBEF, Li et al., 2021, for labels). It costs a forward pass a step, and the
    weights twice, in checkpoints, too. Turn it on in a config with
    ``model = dict(type='SelfDistilledClassifier', teacher=dict(momentum=0.999, alpha=0.4))``; it predicts as the
    plain one. A training by iterations has no epochs, so there ``ramp_iters`` is to be given. Where a batch is passed
    again in a step, as ``AdversarialTrainingHook`` does, the copy moves once.

    Args:
        teacher: ``momentum``, ``alpha`` and ``ramp_iters`` of :class:`~mmcomp.models.pretrain.MomentumTeacher`;
            by default 0.999, 0.4 and an epoch.
        temperature: Of the copy's answers; below 1 they are sharper.
        **kwargs: Arguments of :class:`MultimodalClassifier`.
    """

    def __init__(self, *, teacher: dict | None = None, temperature: float = 0.07, **kwargs):
        super().__init__(**kwargs)
        if not temperature > 0:
            raise ConfigError(fault('SelfDistilledClassifier', 'temperature', 'above 0', temperature, 'Correct it.'))
        self.temperature, self._moved_at = temperature, None
        self.teacher = MomentumTeacher(self._taught(), **{'momentum': 0.999, 'alpha': 0.4, **(teacher or {})})

    def _taught(self) -> nn.ModuleDict:
        return nn.ModuleDict(dict(encoders=self.encoders, fusion=self.fusion, neck=self.neck, head=self.head))

    def loss(self, inputs: dict[str, dict], data_samples: list[DataSample]) -> dict[str, torch.Tensor]:
        """The losses of the head, and ``loss_distill``."""
        inputs = extract_features(self.extractors, inputs)
        vectors = self.extract_feat(inputs)
        losses = self.head.loss(vectors, data_samples)
        if self.training:
            self._move_teacher()
        with torch.no_grad():
            own = self.teacher.copies
            answers = own['head'](own['neck'](own['fusion'](encode_modalities(own['encoders'], inputs))))
        distilled = distillation_loss(self.head(vectors), answers, self.temperature)
        return dict(losses, loss_distill=self.teacher.alpha.to(distilled) * distilled)

    def _move_teacher(self) -> None:
        """Once an iteration of the Runner; at each call where there is none."""
        at = MessageHub.get_current_instance().get_info('iter', default=None)
        if at is None or at != self._moved_at:
            self.teacher.follow(self._taught())
        self._moved_at = at
