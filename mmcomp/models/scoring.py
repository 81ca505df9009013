"""Scores of a batch as one tensor, without an object a sample between logits and table."""
from collections.abc import Sequence

import torch
from mmengine.model import BaseModel
from mmpretrain.models import AverageClsScoreTTA, ClsDataPreprocessor, ClsHead, ImageClassifier, MultiLabelClsHead
from torch import nn

from .classifiers.average_logits_tta import AverageLogitsTTA, average_views
from .classifiers.modality_data_preprocessor import ModalityDataPreprocessor
from .classifiers.token_data_preprocessor import TokenDataPreprocessor
from .heads.logit_adjustment import LogitAdjustmentMixin
from .shared_parts import SharedInputs

# How scores of views become one, (V, B, C) to (B, C).
MERGES = {AverageLogitsTTA: average_views, AverageClsScoreTTA: lambda views: sum(views) / len(views)}
PREDICTIONS = (ClsHead, MultiLabelClsHead, LogitAdjustmentMixin)
PREPROCESSORS = (ClsDataPreprocessor, ModalityDataPreprocessor, TokenDataPreprocessor)


def needs_only_inputs(model: nn.Module) -> bool:
    """Whether :func:`batch_scores` takes batches of this model without ``data_samples``.

    So it is with classifiers whose way from inputs to probabilities is
    mmpretrain's own, and with averages of their views. A class that overrides
    a step of it is asked for objects, as mmengine's test loop does.
    """
    if type(model) in MERGES:
        model = model.module
    head = getattr(model, 'head', None)
    return (isinstance(model, ImageClassifier) and isinstance(head, (ClsHead, MultiLabelClsHead))
            and isinstance(model.data_preprocessor, PREPROCESSORS)
            and all(getattr(type(model), name) is getattr(base, name) for name, base in (
                ('test_step', BaseModel), ('forward', ImageClassifier), ('predict', ImageClassifier)))
            and type(head).predict in (ClsHead.predict, MultiLabelClsHead.predict)
            and all(c in PREDICTIONS for c in type(head).__mro__ if '_get_predictions' in vars(c)))


def batch_scores(models: Sequence[nn.Module], data: dict) -> list[torch.Tensor]:
    """Scores of one batch by each model, ``(B, C)`` float32, the same as its ``test_step`` gives.

    The batch is prepared once for all of them that have one preprocessor, and
    frames are encoded once for those with one extractor; see :func:`mmcomp.models.shared_parts.share_parts`.

    Args:
        models: Models that read the same data, alone or all of them with test-time augmentation.
        data: A batch of the loader. Where :func:`needs_only_inputs`, that of
            :func:`mmcomp.datasets.collating.collate_inputs` will do.
    """
    if not all(map(needs_only_inputs, models)):
        return [torch.stack([sample.pred_score for sample in model.test_step(data)]).float() for model in models]
    if type(models[0]) in MERGES:
        views = [batch_scores([model.module for model in models], dict(inputs=view)) for view in data['inputs']]
        return [MERGES[type(model)](torch.stack(of_model)) for model, of_model in zip(models, zip(*views))]
    shared = SharedInputs(data['inputs'])
    return [_probabilities(model.head, model.head(model.extract_feat(shared.of(model)))) for model in models]


def _probabilities(head: nn.Module, logits: torch.Tensor) -> torch.Tensor:
    if isinstance(head, LogitAdjustmentMixin):
        logits = head.adjusted(logits)
    scores = logits.sigmoid() if isinstance(head, MultiLabelClsHead) else logits.softmax(dim=1)
    return scores.float()
