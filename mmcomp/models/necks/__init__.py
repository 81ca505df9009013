from .attention_pooling import AttentionPooling
from .joined_poolings import JoinedPoolings
from .next_vlad import NeXtVLAD
from .part_pooling import PartPooling
from .residual_dense import ResidualDense
from .sequence_pooling import SequencePooling
from .weighted_layers import WeightedLayers

__all__ = [
    'AttentionPooling', 'JoinedPoolings', 'NeXtVLAD', 'PartPooling', 'ResidualDense', 'SequencePooling',
    'WeightedLayers',
]
