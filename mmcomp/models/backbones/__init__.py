from .huggingface_image_backbone import HuggingFaceImageBackbone

__all__ = ['HuggingFaceImageBackbone']
