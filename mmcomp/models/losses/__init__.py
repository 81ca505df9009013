from .balanced_softmax_loss import BalancedSoftmaxLoss
from .distillation_bce_loss import DistillationBCELoss
from .logit_adjusted_loss import LogitAdjustedLoss
from .softmax_eql_loss import SoftmaxEQLLoss
from .weighted_multi_task_bce_loss import WeightedMultiTaskBCELoss

__all__ = ['BalancedSoftmaxLoss', 'DistillationBCELoss', 'LogitAdjustedLoss', 'SoftmaxEQLLoss',
           'WeightedMultiTaskBCELoss']
