"""The word table of a text model, alone."""
import torch
from mmengine.model import BaseModule

from mmcomp.models.huggingface import build_huggingface
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence


@MODELS.register_module()
class WordEmbeddings(BaseModule):
    """Token ids to bare word vectors, for a fusion that holds the rest of the text model (:class:`ConcatTransformer`).

    Args:
        name_or_path: A folder of published weights, as of ``HuggingFaceTextEncoder``.
        config: Instead of it, the architecture for random weights: ``dict(model_type='bert', …)``.
        allow_download: Whether the hub may be asked.
        load_weights: If False, only the architecture is taken from ``name_or_path``.
        init_cfg: Config of the initialization.
    """

    def __init__(self, name_or_path: str | None = None, config: dict | None = None, allow_download: bool = False,
                 load_weights: bool = True, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        model = build_huggingface('WordEmbeddings', name_or_path, config, allow_download, load_weights)
        self.word_embeddings = model.get_input_embeddings()
        self.padding_id = model.config.pad_token_id or 0
        self.depths = model.config.num_hidden_layers + 2

    @property
    def out_channels(self) -> int:
        """Width of the tokens."""
        return self.word_embeddings.embedding_dim

    def forward(self, inputs: dict[str, torch.Tensor]) -> TokenSequence:
        """``ids (B, L)``, ``mask (B, L)`` to tokens ``(B, L, C)``."""
        ids = inputs['ids'].masked_fill(~inputs['mask'], self.padding_id)
        return TokenSequence(self.word_embeddings(ids), inputs['mask'])

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """0 of the depths of the whole text model, for layer-wise learning rates."""
        return 0, self.depths
