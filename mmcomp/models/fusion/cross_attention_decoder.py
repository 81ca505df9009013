"""Double stream: one modality asks another."""
import torch
from mmengine.model import BaseModule
from torch import nn

from mmcomp.errors import DataError, fault
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

from .null_token import NullToken


def decoder_layers(count: int, channels: int, heads: int, ffn_channels: int, dropout: float) -> nn.ModuleList:
    """Post-norm layers of self-attention, cross-attention and feed-forward, ReLU, each with weights of its own."""
    return nn.ModuleList(
        nn.TransformerDecoderLayer(channels, heads, ffn_channels, dropout, batch_first=True) for _ in range(count))


@MODELS.register_module()
class CrossAttentionDecoder(BaseModule):
    """Layers of torch's ``TransformerDecoderLayer``: the tokens of one modality look at each other, then at the other.

    The output is the first modality's sequence, which has learnt what it asked for. Padding of both has no part in
    it. A sample that lacks a modality has one learnt token in its place.

    Args:
        channels: Width C of all tokens.
        num_layers: Number of layers.
        heads: Attention heads.
        ffn_channels: Width of the feed-forward layer.
        dropout: In attention and behind every step.
        query: The modality that asks, and is emitted.
        memory: The modality that is asked.
        query_positions: How many learnt positions are added to the query's tokens; 0 for none: then their order
            is not seen, unless an encoder has shown it.
        init_cfg: Config of the initialization.
    """

    def __init__(self, channels: int = 768, num_layers: int = 3, heads: int = 12, ffn_channels: int = 2048,
                 dropout: float = 0.1, query: str = 'frames', memory: str = 'text', query_positions: int = 0,
                 init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        self.out_channels, self.query, self.memory = channels, query, memory
        self.positions = nn.Embedding(query_positions, channels) if query_positions else None
        self.null = nn.ModuleDict({name: NullToken(channels) for name in (query, memory)})
        self.layers = decoder_layers(num_layers, channels, heads, ffn_channels, dropout)
        if self.positions is not None:
            nn.init.normal_(self.positions.weight, std=0.02)

    def forward(self, sequences: dict[str, TokenSequence]) -> TokenSequence:
        """Sequences by modality, all of width C, to the fused one of ``query``, with its ``parts``."""
        query = self.null[self.query](sequences[self.query])
        memory = self.null[self.memory](sequences[self.memory])
        tokens = query.tokens if self.positions is None else query.tokens + self._positions(query)
        for layer in self.layers:
            tokens = layer(tokens, memory.tokens, tgt_key_padding_mask=~query.mask,
                           memory_key_padding_mask=~memory.mask)
        return TokenSequence(tokens, query.mask, parts={self.query: (slice(0, tokens.shape[1]), )})

    def _positions(self, query: TokenSequence) -> torch.Tensor:
        length = query.tokens.shape[1]
        if length > self.positions.num_embeddings:
            raise DataError(fault('CrossAttentionDecoder', f'tokens of `{self.query}`', 'at most '
                                  f'{self.positions.num_embeddings}, its `query_positions`', length,
                                  'Raise it, or take fewer in the data pipeline.'))
        return self.positions.weight[:length]
