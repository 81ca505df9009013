from .average_logits_tta import AverageLogitsTTA
from .sequence_classifier import SequenceClassifier
from .token_data_preprocessor import TokenDataPreprocessor

__all__ = ['AverageLogitsTTA', 'SequenceClassifier', 'TokenDataPreprocessor']
