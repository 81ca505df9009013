"""Single stream: all modalities in one row of tokens through one BERT."""
import copy
from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import nn

from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.models.huggingface import build_huggingface
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence


@MODELS.register_module()
class ConcatTransformer(BaseModule):
    """A BERT over ``[frames; text]``, each with its positions, segment, norm and dropout of BERT's embeddings.

    Text comes as bare word vectors from :class:`WordEmbeddings`, which holds BERT's word table (``word_embeddings`` in
    its parameters' names) and reads the same folder; other modalities come projected to the width of the BERT. What is
    left of the BERT is ``model`` here. With text alone it is that BERT, token for token.

    Positions count from 0 in every modality. Padding may lie between the modalities: nothing looks at it.

    Args:
        name_or_path: A folder of published weights, as of ``HuggingFaceTextEncoder``.
        config: Instead of it, the architecture for random weights: ``dict(model_type='bert', …)``.
        order: Names of the modalities as they stand in the row. ``('frames', 'text')``; ``('text', 'frames')``;
            ``'cls'`` is the first token of the text: ``('cls', 'frames', 'text')``.
        text: Which of them is the text.
        share_embeddings: Whether all modalities go through the embeddings of the text (positions, segments, norm).
            If False, each other one has a copy of its own, which starts from the text's.
        segments: Segment by modality, ``dict(frames=1)``; 0 where it is not said.
        fusion_layer: The text goes through the first so many layers alone, then the others join.
        layers: Whether to emit the hidden states of all layers since the modalities are together.
        gradient_checkpointing: Compute activations anew in the backward pass, to save memory.
        attention: As of ``HuggingFaceTextEncoder``.
        allow_download: Whether the hub may be asked.
        load_weights: If False, only the architecture is taken from ``name_or_path``.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: If the architecture is no BERT, or an option does not fit.
    """

    def __init__(self, name_or_path: str | None = None, config: dict | None = None,
                 order: Sequence[str] = ('frames', 'text'), text: str = 'text', share_embeddings: bool = True,
                 segments: dict[str, int] | None = None, fusion_layer: int = 0, layers: bool = False,
                 gradient_checkpointing: bool = False, attention: str | None = None, allow_download: bool = False,
                 load_weights: bool = True, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        options = {} if attention is None else dict(attn_implementation=attention)
        self.model = build_huggingface('ConcatTransformer', name_or_path, config, allow_download, load_weights,
                                       **options)
        self.model.is_init = True  # mmengine would call its init_weights and undo the loading
        self.order, self.text, self.segments, self.layers = tuple(order), text, dict(segments or {}), layers
        self.fusion_layer = fusion_layer
        self._check()
        self.model.pooler = self.model.embeddings.word_embeddings = None
        self.embeddings = None
        if not share_embeddings:
            self.embeddings = nn.ModuleDict({name: copy.deepcopy(self.model.embeddings) for name in self.order
                                             if name not in ('cls', text)})
        if gradient_checkpointing:
            self.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=dict(use_reentrant=False))

    @property
    def out_channels(self) -> int:
        """Width of the tokens."""
        return self.model.config.hidden_size

    def _check(self) -> None:
        config, names = self.model.config, [name for name in self.order if name != 'cls']
        if config.model_type != 'bert':
            raise ConfigError(fault('ConcatTransformer', 'model_type', 'bert', config.model_type,
                                    'Take a model of the BERT family, or another fusion.'))
        if len(set(self.order)) < len(self.order) or self.text not in names or (
                'cls' in self.order[1:] or self.order[0] == 'cls' and len(names) == 1):
            raise ConfigError(fault('ConcatTransformer', 'order', f'different names, `{self.text}` among them; `cls`, '
                                    'if at all, first', self.order, 'Correct it.'))
        wrong = {name: value for name, value in self.segments.items()
                 if name not in names or not 0 <= value < config.type_vocab_size}
        if wrong:
            raise ConfigError(fault('ConcatTransformer', 'segments', f'of the modalities in `order`, below '
                                    f'{config.type_vocab_size}', wrong, 'Correct it.'))
        if not 0 <= self.fusion_layer <= config.num_hidden_layers - 1:
            raise ConfigError(fault('ConcatTransformer', 'fusion_layer', f'from 0 to {config.num_hidden_layers - 1}, '
                                    'so that a layer is left', self.fusion_layer, 'Correct it.'))

    def forward(self, sequences: dict[str, TokenSequence]) -> TokenSequence:
        """Sequences by modality, all of width C, to one of their joint length, with its ``parts``.

        A modality of ``order`` may be missing, the text too.
        """
        names = [name for name in self.order if name in sequences]
        embedded = {name: self._embedded(name, sequences[name]) for name in names}
        blocks = self.model.encoder.layer
        if self.fusion_layer and self.text in embedded:
            alone = embedded[self.text]
            hidden = self._through(blocks[:self.fusion_layer], alone.tokens, alone.mask)[-1]
            embedded[self.text] = TokenSequence(hidden, alone.mask)
        joint = self._joined(embedded)
        states = self._through(blocks[self.fusion_layer:], joint.tokens, joint.mask)
        return TokenSequence(states[-1], joint.mask, tuple(states) if self.layers else None, parts=joint.parts)

    def _embedded(self, name: str, sequence: TokenSequence) -> TokenSequence:
        own = self.embeddings is not None and name in self.embeddings
        embeddings = self.embeddings[name] if own else self.model.embeddings
        tokens, mask, room = sequence.tokens, sequence.mask, self.model.config.max_position_embeddings
        if tokens.shape[1] > room:
            if mask[:, room:].any():
                raise DataError(fault('ConcatTransformer', f'tokens of `{name}`', f'at most {room}, the positions of '
                                      'this model', int(sequence.lengths.max()), 'Take fewer in the data pipeline.'))
            tokens, mask = tokens[:, :room], mask[:, :room]
        segments = torch.full(mask.shape, self.segments.get(name, 0), dtype=torch.long, device=mask.device)
        return TokenSequence(embeddings(inputs_embeds=tokens, token_type_ids=segments), mask)

    def _joined(self, sequences: dict[str, TokenSequence]) -> TokenSequence:
        """One row of tokens, and where in it each modality is."""
        split = self.order[0] == 'cls' and self.text in sequences
        pieces, parts, at = [], {}, 0
        for name in self.order:
            source = self.text if name == 'cls' else name
            if source not in sequences:
                continue
            whole = sequences[source]
            piece = slice(0, 1) if name == 'cls' else slice(1 if split and name == self.text else 0, None)
            pieces.append((whole.tokens[:, piece], whole.mask[:, piece]))
            length = pieces[-1][1].shape[1]
            parts[source] = (*parts.get(source, ()), slice(at, at + length))
            at += length
        tokens, masks = zip(*pieces)
        return TokenSequence(torch.cat(tokens, dim=1), torch.cat(masks, dim=1), parts=parts)

    def _through(self, blocks: nn.ModuleList, tokens: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """The tokens before and after each of some layers."""
        from transformers.masking_utils import create_bidirectional_mask
        # A row without any token looks at its first place: softmax over nothing is no number.
        seen = mask.clone()
        seen[:, 0] |= ~mask.any(dim=1)
        attention = create_bidirectional_mask(config=self.model.config, inputs_embeds=tokens,
                                              attention_mask=seen.long())
        states = [tokens]
        for block in blocks:
            states.append(block(states[-1], attention))
        return states

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """As of ``HuggingFaceTextEncoder``: embeddings are 0, layer N is N + 1."""
        depths, name = self.model.config.num_hidden_layers + 2, param_name.removeprefix(prefix)
        if name.startswith('model.encoder.layer.'):
            return int(name.split('.')[3]) + 1, depths
        return 0, depths
