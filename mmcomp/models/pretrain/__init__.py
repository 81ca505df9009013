"""Pre-training of models of several modalities: tasks, masks, contrasts, queues, slow copies."""
from .contrastive_alignment import ContrastiveAlignment
from .image_text_matching import ImageTextMatching
from .inverse_cloze import InverseCloze
from .masked_frame_modeling import MaskedFrameModeling
from .masked_language_modeling import MaskedLanguageModeling
from .multimodal_pretrainer import MultimodalPretrainer
from .simcse import SimCSE

__all__ = ['ContrastiveAlignment', 'ImageTextMatching', 'InverseCloze', 'MaskedFrameModeling',
           'MaskedLanguageModeling', 'MultimodalPretrainer', 'SimCSE']
