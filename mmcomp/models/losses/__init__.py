from .balanced_softmax_loss import BalancedSoftmaxLoss
from .class_balanced_loss import ClassBalancedLoss
from .distillation_bce_loss import DistillationBCELoss
from .logit_adjusted_loss import LogitAdjustedLoss
from .r_drop_loss import RDropLoss
from .softmax_eql_loss import SoftmaxEQLLoss
from .weighted_multi_task_bce_loss import WeightedMultiTaskBCELoss

__all__ = ['BalancedSoftmaxLoss', 'ClassBalancedLoss', 'DistillationBCELoss', 'LogitAdjustedLoss', 'RDropLoss',
           'SoftmaxEQLLoss', 'WeightedMultiTaskBCELoss']
