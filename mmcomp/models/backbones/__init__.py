from .bilstm_encoder import BiLSTMEncoder
from .clip_vision_tower import CLIPVisionTower
from .feature_projector import FeatureProjector
from .huggingface_image_backbone import HuggingFaceImageBackbone
from .huggingface_text_encoder import HuggingFaceTextEncoder
from .image_tokens import ImageTokens
from .swin_v2 import FusedSwinTransformerV2
from .word_embeddings import WordEmbeddings

__all__ = [
    'BiLSTMEncoder', 'CLIPVisionTower', 'FeatureProjector', 'FusedSwinTransformerV2', 'HuggingFaceImageBackbone',
    'HuggingFaceTextEncoder', 'ImageTokens', 'WordEmbeddings',
]
