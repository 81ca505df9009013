from .bias_auc_metric import BiasAUCMetric
from .log_loss_metric import LogLossMetric

__all__ = ['BiasAUCMetric', 'LogLossMetric']
