from .feature_projector import FeatureProjector
from .huggingface_image_backbone import HuggingFaceImageBackbone
from .huggingface_text_encoder import HuggingFaceTextEncoder
from .image_tokens import ImageTokens

__all__ = ['FeatureProjector', 'HuggingFaceImageBackbone', 'HuggingFaceTextEncoder', 'ImageTokens']
