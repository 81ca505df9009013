"""Both modalities ask each other."""
import torch
from mmengine.model import BaseModule
from torch import nn

from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

from .cross_attention_decoder import decoder_layers
from .null_token import NullToken


@MODELS.register_module()
class BidirectionalCrossAttention(BaseModule):
    """Two stacks of decoder layers, one a direction; the output is both sequences in one row.

    With ``exchange=True`` layer N of each looks at what layer N - 1 of the other left, as in LXMERT (Tan and Bansal,
    2019); otherwise at what came in. Poolings of ``parts`` tell the modalities apart.

    Args:
        channels: Width C of all tokens.
        num_layers: Layers a direction.
        heads: Attention heads.
        ffn_channels: Width of the feed-forward layer.
        dropout: In attention and behind every step.
        modalities: The names of the two, in the order of the output.
        exchange: See above.
        init_cfg: Config of the initialization.
    """

    def __init__(self, channels: int = 768, num_layers: int = 6, heads: int = 12, ffn_channels: int = 2048,
                 dropout: float = 0.1, modalities: tuple[str, str] = ('frames', 'text'), exchange: bool = False,
                 init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        self.out_channels, self.exchange = channels, exchange
        self.modalities = tuple(modalities)
        self.null = nn.ModuleDict({name: NullToken(channels) for name in self.modalities})
        self.layers = nn.ModuleDict({name: decoder_layers(num_layers, channels, heads, ffn_channels, dropout)
                                     for name in self.modalities})

    def forward(self, sequences: dict[str, TokenSequence]) -> TokenSequence:
        """Sequences by modality, all of width C, to one of their joint length, with its ``parts``."""
        one, other = (self.null[name](sequences[name]) for name in self.modalities)
        first = states = (one.tokens, other.tokens)
        for ask_one, ask_other in zip(*(self.layers[name] for name in self.modalities), strict=True):
            seen = states if self.exchange else first
            states = (_asked(ask_one, states[0], one.mask, seen[1], other.mask),
                      _asked(ask_other, states[1], other.mask, seen[0], one.mask))
        length = states[0].shape[1]
        parts = dict(zip(self.modalities, ((slice(0, length), ), (slice(length, length + states[1].shape[1]), ))))
        return TokenSequence(torch.cat(states, dim=1), torch.cat([one.mask, other.mask], dim=1), parts=parts)


def _asked(layer: nn.Module, tokens: torch.Tensor, mask: torch.Tensor, memory: torch.Tensor,
           memory_mask: torch.Tensor) -> torch.Tensor:
    return layer(tokens, memory, tgt_key_padding_mask=~mask, memory_key_padding_mask=~memory_mask)
