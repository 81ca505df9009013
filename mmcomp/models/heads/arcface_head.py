"""ArcFace with sub-centres and a fixed or frequency-dependent margin."""
from collections.abc import Sequence

import torch
from mmpretrain.models.heads import ClsHead
from mmpretrain.models.heads.margin_head import NormProduct
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS

from .logit_adjustment import LogitAdjustmentMixin
from .subcenter_cosine import subcenter_cosine

COSINE_EPS = 1e-6


def arcface_logits(cosine: torch.Tensor, target: torch.Tensor, margin_rad: torch.Tensor,
                   scale: float) -> torch.Tensor:
    """Scaled cosines, the target's angle widened by its margin.

    ``cos(theta + m)`` is expanded to ``cos theta cos m - sin theta sin m`` on
    the target column alone. Past ``theta = pi - m``, where it would rise
    again, it goes on as ``cos theta - m sin m``.

    Args:
        cosine: ``(B, C)`` in [-1, 1].
        target: Class indices ``(B,)``.
        margin_rad: Margin of each sample's class in radians, ``(B,)``.
        scale: Factor of all cosines.
    """
    target = target[:, None]
    # Short of +-1, where the gradient of the sine is infinite.
    cos = cosine.gather(1, target).squeeze(1).clamp(-1 + COSINE_EPS, 1 - COSINE_EPS)
    sin = (1 - cos * cos).sqrt()
    cos_m, sin_m = margin_rad.cos(), margin_rad.sin()
    widened = torch.where(cos > -cos_m, cos * cos_m - sin * sin_m, cos - margin_rad * sin_m)
    return (scale * cosine).scatter_(1, target, scale * widened[:, None])


def adaptive_margins(class_counts: torch.Tensor, margin_range: Sequence[float]) -> torch.Tensor:
    """Margin of each class in radians, larger for rarer classes.

    With ``a = n^(-1/4)`` for ``n`` training rows and ``margin_range = (low,
    high)``: ``low + (high - low) * (a - min a) / (max a - min a)``. Empty
    classes stay out of min and max (one of them would push all others to
    ``low``) and get ``high``. Where all other classes have equal counts, the
    formula is 0 / 0 and each gets the middle of the range.

    Args:
        class_counts: ``(C,)`` integers, not all zero.
        margin_range: Lowest and highest margin in radians.
    """
    low, high = margin_range
    present = class_counts > 0
    rarity = class_counts.clamp(min=1).double() ** -0.25
    lowest, highest = rarity[present].min(), rarity[present].max()
    if lowest == highest:
        margins = torch.full_like(rarity, (low + high) / 2)
    else:
        margins = low + (high - low) * (rarity - lowest) / (highest - lowest)
    return margins.masked_fill(~present, high).float()


@MODELS.register_module()
class ArcFaceHead(LogitAdjustmentMixin, ClsHead):
    """Cosine classifier with an additive angular margin while training.

    *ArcFace* (Deng et al., 2019); sub-centres from *Sub-center ArcFace* (Deng
    et al., 2020), the cosine of a class being the highest of its ``k``
    centres; margins by class frequency as in the 2022 ACCV fine-grained
    recognition winner's system.

    What differs from mmpretrain's ``ArcFaceClsHead``: that one feeds ``acos``
    unclamped (NaN gradients at a cosine of +-1), computes the margin for all
    C columns and mixes it in through a one-hot matrix, makes a normalized copy
    of the centres, leaves half-precision features in half precision when it
    switches autocast off, and takes margins as a list or a file. Here class
    counts come from the training data set by ``ClassCountsHook`` and are kept
    in the checkpoint. Weights have the same key, ``norm_product.weight`` ``(C * k, D)``.

    Args:
        num_classes: Number of classes C.
        in_channels: Width D of the features.
        num_subcenters: Centres k of a class.
        scale: Factor of the cosines.
        margin: ``'adaptive'``, or one margin for all classes in radians.
        margin_range: Lowest and highest adaptive margin in radians.
        loss: Config of the loss on the logits.
        topk: For ``cal_acc``.
        cal_acc: Whether to report the accuracy in training (with the margin,
            so lower than it is).
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: If an argument is out of range, if labels are soft (mixup,
            cutmix: a margin needs one class a sample), or when training with
            an adaptive margin before the class counts are set.
    """

    def __init__(self,
                 num_classes: int,
                 in_channels: int,
                 num_subcenters: int = 1,
                 scale: float = 30.0,
                 margin: float | str = 'adaptive',
                 margin_range: Sequence[float] = (0.05, 0.5),
                 loss: dict | nn.Module | None = None,
                 topk: int | tuple[int, ...] = (1, ),
                 cal_acc: bool = False,
                 init_cfg: dict | list | None = None):
        super().__init__(loss=loss or dict(type='CrossEntropyLoss'), topk=topk, cal_acc=cal_acc, init_cfg=init_cfg)
        _check_arguments(num_classes, num_subcenters, margin, margin_range)
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.scale = scale
        self.adaptive = margin == 'adaptive'
        self.margin_range = tuple(margin_range)
        self.norm_product = NormProduct(in_channels, num_classes, num_subcenters)
        margins = torch.full((num_classes, ), 0.0 if self.adaptive else float(margin))
        self.register_buffer('margins_rad', margins, persistent=False)
        self.init_class_counts(num_classes)

    def class_counts_changed(self) -> None:
        if self.adaptive:
            self.margins_rad.copy_(adaptive_margins(self.class_counts, self.margin_range))

    def forward(self, feats: tuple[torch.Tensor, ...], target: torch.Tensor | None = None) -> torch.Tensor:
        """Logits ``(B, C)`` of the last stage's ``(B, D)``, in float32; with
        margins if the class indices ``target`` ``(B,)`` are given."""
        features = self.pre_logits(feats)
        with torch.autocast(features.device.type, enabled=False):
            cosine = subcenter_cosine(features.float(), self.norm_product.weight, self.norm_product.k)
            if target is None:
                return self.scale * cosine
            return arcface_logits(cosine, target, self.margins_rad[target], self.scale)

    def loss(self, feats: tuple[torch.Tensor, ...], data_samples: list, **kwargs) -> dict[str, torch.Tensor]:
        if self.adaptive:
            self.require_class_counts()
        if 'gt_score' in data_samples[0]:
            raise ConfigError(fault('ArcFaceHead', 'gt_label', 'one class a sample', 'soft labels',
                                    'Remove mixup and cutmix from train_cfg, or use LogitAdjustedLinearHead.'))
        target = torch.cat([sample.gt_label for sample in data_samples])
        return self._get_loss(self(feats, target), data_samples, **kwargs)


def _check_arguments(num_classes, num_subcenters, margin, margin_range):
    checks = [
        ('num_classes', 'a positive integer', num_classes, num_classes >= 1),
        ('num_subcenters', 'a positive integer', num_subcenters, num_subcenters >= 1),
        ('margin', "'adaptive' or radians in [0, pi/2]", margin,
         margin == 'adaptive' or isinstance(margin, (int, float)) and 0 <= margin <= 1.5708),
        ('margin_range', 'two rising numbers of radians in [0, pi/2]', margin_range,
         len(margin_range) == 2 and 0 <= margin_range[0] <= margin_range[1] <= 1.5708),
    ]
    for name, law, got, holds in checks:
        if not holds:
            raise ConfigError(fault('ArcFaceHead', name, law, got, 'Correct it in the config.'))
