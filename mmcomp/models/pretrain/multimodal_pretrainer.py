"""Encoders and fusion of a classifier, trained by tasks that need no labels."""
from collections.abc import Sequence

import torch
from mmengine.model import BaseModel, ModuleList
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.models.classifiers.multimodal_classifier import build_modules, build_preprocessor, extract_features
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

from .momentum_teacher import MomentumTeacher
from .pretraining_batch import PretrainingBatch


@MODELS.register_module()
class MultimodalPretrainer(BaseModel):
    """Pre-trains what :class:`MultimodalClassifier` is made of; ``encoders.*`` and ``fusion.*`` have its names.

    The loss is the weighted sum of those of the tasks, each in the log as
    ``loss_<name>``. Tasks share one pass through encoders and fusion where what
    they hide allows it, see :class:`PretrainingBatch`. The published systems:

    * single stream: ``MaskedLanguageModeling(weight=1 / 1.25)``,
      ``MaskedFrameModeling(weight=1 / 3)``, ``ImageTextMatching()`` with a :class:`ConcatTransformer`;
    * double stream: ``MaskedLanguageModeling(alone=True, distill=True)``,
      ``ContrastiveAlignment(queue_size=8192)``, ``ImageTextMatching(negatives='hard', part='frames',
      pooling='mean', logits=2)`` with a :class:`CrossAttentionDecoder` and a ``teacher``.

    Args:
        encoders: Config of an encoder a modality, as of the classifier.
        tasks: Configs of :class:`PretrainingTask`.
        fusion: Config of the fusion, as of the classifier; tasks that look at
            single modalities do without.
        teacher: Arguments of :class:`MomentumTeacher`; by default there is none.
        extractors: As of the classifier.
        data_preprocessor: By default :class:`ModalityDataPreprocessor`.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: If a task lacks what it needs of the others, or two have one name.
    """

    def __init__(self, encoders: dict[str, dict], tasks: Sequence[dict], fusion: dict | None = None,
                 teacher: dict | None = None, extractors: dict[str, dict] | None = None,
                 data_preprocessor: dict | None = None, init_cfg: dict | list | None = None):
        modules = build_modules(encoders)
        super().__init__(data_preprocessor=build_preprocessor(data_preprocessor, modules), init_cfg=init_cfg)
        self.extractors, self.encoders = build_modules(extractors), modules
        self.fusion = None if fusion is None else MODELS.build(fusion)
        self.tasks = ModuleList([MODELS.build(cfg) for cfg in tasks])
        self._check(teacher)
        self.teacher = None if teacher is None else MomentumTeacher(self._taught(), **teacher)

    def _check(self, teacher: dict | None) -> None:
        names = [task.name for task in self.tasks]
        if not names or len(set(names)) < len(names) or 'encoders' in names:
            raise ConfigError(fault('MultimodalPretrainer', 'tasks', 'one or more, each with a name of its own; '
                                    '`encoders` is taken', names, 'Give them by `name`.'))
        for task in self.tasks:
            lacking = {'fusion': task.needs_fusion and self.fusion is None,
                       'teacher': task.needs_teacher and teacher is None,
                       'ContrastiveAlignment among tasks': getattr(task, 'needs_similarities', False)
                       and all(other.turn >= task.turn for other in self.tasks)}
            for what, lacks in lacking.items():
                if lacks:
                    raise ConfigError(fault('MultimodalPretrainer', what, f'given for the task `{task.name}`', None,
                                            'Add it, or take another task.'))

    def _taught(self) -> nn.ModuleDict:
        heads = {task.name: task.taught() for task in self.tasks}
        return nn.ModuleDict(dict(encoders=self.encoders, **{k: v for k, v in heads.items() if v is not None}))

    def forward(self, inputs: dict[str, dict], data_samples: list | None = None,
                mode: str = 'tensor') -> dict[str, torch.Tensor] | TokenSequence:
        """A prepared batch to losses (``mode='loss'``) or to the fused sequence (``'tensor'``)."""
        if mode == 'predict':
            raise ConfigError(fault('MultimodalPretrainer', 'mode', '`loss` or `tensor`', mode,
                                    'Pre-training has nothing to validate; leave val_dataloader out.'))
        batch = PretrainingBatch(self.encoders, self.fusion, extract_features(self.extractors, inputs), self.teacher)
        return self._losses(batch) if mode == 'loss' else batch.joint()

    def _losses(self, batch: PretrainingBatch) -> dict[str, torch.Tensor]:
        if self.teacher is not None and self.training:
            self.teacher.follow(self._taught())
        tasks = sorted(self.tasks, key=lambda task: task.turn)
        changed = [task.change(batch) for task in tasks]
        made = {task.name: task.loss(batch, change) for task, change in zip(tasks, changed)}
        losses = {f'loss_{task.name}': task.weight * made[task.name].pop('loss') for task in self.tasks}
        return losses | {f'{name}_{key}': value for name, values in made.items() for key, value in values.items()}
