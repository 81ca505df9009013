from .balanced_softmax_loss import BalancedSoftmaxLoss
from .logit_adjusted_loss import LogitAdjustedLoss
from .softmax_eql_loss import SoftmaxEQLLoss

__all__ = ['BalancedSoftmaxLoss', 'LogitAdjustedLoss', 'SoftmaxEQLLoss']
