"""Text encoders of Hugging Face transformers as backbones."""
import re

import torch
from mmengine.model import BaseModule

from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.models.huggingface import build_huggingface
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

# Where the parameters of layer N are, in the families there are.
LAYER = re.compile(r'(?:^|\.)(?:layers?|h|block|blocks)\.(\d+)\.')
EMBEDDING = re.compile(r'(?:^|\.)(?:embeddings?|wte|wpe|embed_tokens|word_embedding|tok_embeddings)\.')


@MODELS.register_module()
class HuggingFaceTextEncoder(BaseModule):
    """``AutoModel`` over token ids: BERT, RoBERTa, DeBERTa, GPT-2, RoFormer, ModernBERT, …

    The mask is always given to the model, and padding holds the model's own
    padding id: positions of RoBERTa follow from the ids. So padding changes
    nothing in a sequence's tokens, in training as in prediction.

    Args:
        name_or_path: A local folder written by ``save_pretrained``, or, with
            ``allow_download``, a model name of the hub.
        config: Instead of it, the architecture for random weights:
            ``dict(model_type='bert', hidden_size=64, …)``.
        layers: Whether to emit the hidden states of all layers.
        pooler: Whether to keep the model's own pooling and emit its vector.
            Without, its parameters go too, as DDP refuses those without gradients.
        gradient_checkpointing: Compute activations anew in the backward pass,
            to save memory.
        attention: ``sdpa``, ``eager`` or ``flash_attention_2``; by default the
            fastest that the model has.
        num_layers: Keep the first so many layers; the text half of a model that fuses above it.
        allow_download: Whether the hub may be asked.
        load_weights: If False, only the architecture is taken from ``name_or_path``.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: See :func:`mmcomp.models.huggingface.build_huggingface`.
    """

    def __init__(self, name_or_path: str | None = None, config: dict | None = None, layers: bool = False,
                 pooler: bool = False, gradient_checkpointing: bool = False, attention: str | None = None,
                 num_layers: int | None = None, allow_download: bool = False, load_weights: bool = True,
                 init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        options = {} if attention is None else dict(attn_implementation=attention)
        self.model = build_huggingface(type(self).__name__, name_or_path, config, allow_download, load_weights,
                                       **options)
        self.model.is_init = True  # mmengine would call its init_weights and undo the loading
        if not pooler and getattr(self.model, 'pooler', None) is not None:
            self.model.pooler = None
        if num_layers is not None:
            _keep_first(self.model, num_layers)
        if gradient_checkpointing:
            self.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=dict(use_reentrant=False))
        self.layers = layers
        self.padding_id = self.model.config.pad_token_id or 0
        self.positions = _learned_positions(self.model)

    @property
    def out_channels(self) -> int:
        """Width of the tokens."""
        return self.model.config.hidden_size

    @property
    def word_embeddings(self) -> torch.nn.Embedding:
        """The table of word vectors."""
        return self.model.get_input_embeddings()

    def forward(self, inputs: dict[str, torch.Tensor]) -> TokenSequence:
        """Token ids to tokens.

        Args:
            inputs: ``ids (B, L)``, ``mask (B, L)`` booleans; where there are
                several segments ``type_ids (B, L)``.
        """
        if self.positions is not None and inputs['mask'].shape[1] > self.positions:
            inputs = self._within_positions(inputs)
        mask = inputs['mask']
        extra = dict(token_type_ids=inputs['type_ids']) if 'type_ids' in inputs else {}
        out = self.model(input_ids=inputs['ids'].masked_fill(~mask, self.padding_id), attention_mask=mask.long(),
                         output_hidden_states=self.layers, **extra)
        return TokenSequence(out.last_hidden_state, mask, out.hidden_states if self.layers else None,
                             getattr(out, 'pooler_output', None))

    def _within_positions(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The inputs without padding that the model has no positions for."""
        longest = int(inputs['mask'].sum(dim=1).max())
        if inputs['mask'][:, self.positions:].any():
            raise DataError(fault(type(self).__name__, 'tokens of a text', f'at most {self.positions}, the positions '
                                  'of this model', longest, 'Lower `max_length` of the data set.'))
        return {name: value[:, :self.positions] for name, value in inputs.items()}

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Depth of a parameter for layer-wise learning rates (mmpretrain's
        ``LearningRateDecayOptimWrapperConstructor``): embeddings are 0, layer N
        is N + 1, everything behind the last layer is as deep as the head.

        Returns:
            The depth, and the number of depths.
        """
        depths = self.model.config.num_hidden_layers + 2
        name = param_name.removeprefix(prefix)
        layer = LAYER.search(name)
        if layer:
            return int(layer[1]) + 1, depths
        return (0 if EMBEDDING.search(name) else depths - 1), depths


def _keep_first(model: torch.nn.Module, num_layers: int) -> None:
    """Drop the layers behind the first ``num_layers``."""
    count = model.config.num_hidden_layers
    stacks = [m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == count]
    if not stacks or not 1 <= num_layers <= count:
        raise ConfigError(fault('HuggingFaceTextEncoder', 'num_layers', f'from 1 to {count}, the layers in a list that '
                                'the model has', num_layers, 'Correct it.'))
    del stacks[0][num_layers:]
    model.config.num_hidden_layers = num_layers


def _learned_positions(model: torch.nn.Module) -> int | None:
    """Positions of a model that learns one vector each; None for one that computes them."""
    table = getattr(getattr(model, 'embeddings', None), 'position_embeddings', None) or getattr(model, 'wpe', None)
    if not isinstance(table, torch.nn.Embedding):
        return None
    # RoBERTa counts from behind its padding id.
    return table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)
