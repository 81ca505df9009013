from .attention_pooling import AttentionPooling
from .residual_dense import ResidualDense
from .sequence_pooling import SequencePooling
from .weighted_layers import WeightedLayers

__all__ = ['AttentionPooling', 'ResidualDense', 'SequencePooling', 'WeightedLayers']
