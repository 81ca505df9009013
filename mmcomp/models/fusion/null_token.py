"""A learnt token in the place of a modality that a sample lacks."""
import torch
from torch import nn

from mmcomp.structures import TokenSequence


class NullToken(nn.Module):
    """Puts one learnt token into each sequence that has none, so that attention always has something to look at.

    It is in the graph of every batch, as DDP asks of a parameter, with a
    gradient of zero where no sequence is empty.

    Args:
        channels: Width C of the tokens.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.token = nn.Parameter(torch.randn(channels) * 0.02)

    def forward(self, sequence: TokenSequence) -> TokenSequence:
        """A sequence of which every row has at least one token."""
        first = torch.zeros_like(sequence.mask)
        first[:, 0] = ~sequence.mask.any(dim=1)
        tokens = torch.where(first[..., None], self.token.to(sequence.tokens.dtype), sequence.tokens)
        return TokenSequence(tokens, sequence.mask | first)
