from .arcface_head import ArcFaceHead
from .binary_tasks_head import BinaryTasksHead
from .coarse_fine_head import CoarseFineHead
from .dropout_linear_head import DropoutLinearHead
from .logit_adjusted_linear_head import LogitAdjustedLinearHead
from .logit_adjustment import adjust_logits, set_logit_adjustment

__all__ = [
    'ArcFaceHead', 'BinaryTasksHead', 'CoarseFineHead', 'DropoutLinearHead', 'LogitAdjustedLinearHead',
    'adjust_logits', 'set_logit_adjustment',
]
