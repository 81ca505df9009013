from .fused_swin_transformer_v2 import FusedSwinTransformerV2

__all__ = ['FusedSwinTransformerV2']
