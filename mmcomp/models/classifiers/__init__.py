from .average_logits_tta import AverageLogitsTTA
from .modality_data_preprocessor import ModalityDataPreprocessor
from .multimodal_classifier import MultimodalClassifier
from .sequence_classifier import SequenceClassifier
from .token_data_preprocessor import TokenDataPreprocessor

__all__ = [
    'AverageLogitsTTA', 'ModalityDataPreprocessor', 'MultimodalClassifier', 'SequenceClassifier',
    'TokenDataPreprocessor',
]
