from .bidirectional_cross_attention import BidirectionalCrossAttention
from .concat_transformer import ConcatTransformer
from .cross_attention_decoder import CrossAttentionDecoder

__all__ = ['BidirectionalCrossAttention', 'ConcatTransformer', 'CrossAttentionDecoder']
