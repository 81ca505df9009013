from .average_logits_tta import AverageLogitsTTA
from .modality_data_preprocessor import ModalityDataPreprocessor
from .multimodal_classifier import MultimodalClassifier
from .self_distilled_classifier import SelfDistilledClassifier
from .sequence_classifier import SequenceClassifier
from .token_data_preprocessor import TokenDataPreprocessor

__all__ = [
    'AverageLogitsTTA', 'ModalityDataPreprocessor', 'MultimodalClassifier', 'SelfDistilledClassifier',
    'SequenceClassifier', 'TokenDataPreprocessor',
]
