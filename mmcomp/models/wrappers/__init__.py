from .foreach_moving_average import ForeachMovingAverage
from .fully_sharded_model import FullyShardedModel

__all__ = ['ForeachMovingAverage', 'FullyShardedModel']
