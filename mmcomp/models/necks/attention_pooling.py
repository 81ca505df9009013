"""A sequence to a vector by learnt weights."""
import torch
from mmengine.model import BaseModule
from torch import nn

from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence


def attention_pooling(tokens: torch.Tensor, mask: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Mean of ``(B, L, C)`` weighted by the softmax of ``scores (B, L)`` over the tokens; zero where there are none."""
    weights = scores.float().masked_fill(~mask, float('-inf')).softmax(dim=1)
    weights = weights.masked_fill(~mask, 0).to(tokens.dtype)
    return torch.einsum('bl,blc->bc', weights, tokens.masked_fill(~mask[..., None], 0))


@MODELS.register_module()
class AttentionPooling(BaseModule):
    """``softmax(v tanh(W x))`` over the tokens (Bahdanau et al., 2015); padding has no part in it.

    Args:
        in_channels: Width C of the tokens.
        hidden_channels: Width of the hidden layer; by default C.
        init_cfg: Config of the initialization.
    """

    def __init__(self, in_channels: int, hidden_channels: int | None = None, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        hidden_channels = hidden_channels or in_channels
        # A bias of the last layer would be the same for all tokens, and so without effect.
        self.score = nn.Sequential(nn.Linear(in_channels, hidden_channels), nn.Tanh(),
                                   nn.Linear(hidden_channels, 1, bias=False))

    def forward(self, sequence: TokenSequence) -> tuple[torch.Tensor]:
        """A :class:`TokenSequence` to a tuple of one tensor ``(B, C)``."""
        scores = self.score(sequence.tokens).squeeze(-1)
        return (attention_pooling(sequence.tokens, sequence.mask, scores), )
