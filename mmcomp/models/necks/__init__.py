from .attention_pooling import AttentionPooling
from .sequence_pooling import SequencePooling
from .weighted_layers import WeightedLayers

__all__ = ['AttentionPooling', 'SequencePooling', 'WeightedLayers']
