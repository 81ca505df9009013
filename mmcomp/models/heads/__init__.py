from .arcface_head import ArcFaceHead
from .logit_adjusted_linear_head import LogitAdjustedLinearHead
from .logit_adjustment import adjust_logits, set_logit_adjustment

__all__ = ['ArcFaceHead', 'LogitAdjustedLinearHead', 'adjust_logits', 'set_logit_adjustment']
