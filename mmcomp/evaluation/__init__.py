from .bias_auc_metric import BiasAUCMetric

__all__ = ['BiasAUCMetric']
