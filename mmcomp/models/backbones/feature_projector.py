"""Ready-made features as an encoder of sequences."""
import torch
from mmengine.model import BaseModule
from torch import nn

from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence


@MODELS.register_module()
class FeatureProjector(BaseModule):
    """Features of frames or regions, extracted before, mapped to the width of a model.

    Args:
        in_channels: Width F of the features.
        out_channels: Width C of the tokens.
        position_channels: Width P of a position beside each feature, such as
            the box of a region; 0 for none.
        dropout: On the tokens.
        norm: Whether a LayerNorm follows the linear layer.
        init_cfg: Config of the initialization.
    """

    def __init__(self, in_channels: int, out_channels: int, position_channels: int = 0, dropout: float = 0.1,
                 norm: bool = True, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        self.in_channels, self.out_channels = in_channels, out_channels
        self.features = _projection(in_channels, out_channels, norm)
        self.positions = _projection(position_channels, out_channels, norm) if position_channels else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: dict[str, torch.Tensor]) -> TokenSequence:
        """``features (B, L, F)``, ``mask (B, L)`` and, where asked for, ``positions (B, L, P)``."""
        tokens = self.features(inputs['features'])
        if self.positions is not None:
            tokens = (tokens + self.positions(inputs['positions'])) / 2
        return TokenSequence(self.dropout(tokens), inputs['mask'])


def _projection(in_channels: int, out_channels: int, norm: bool) -> nn.Sequential:
    layers = [nn.Linear(in_channels, out_channels)]
    return nn.Sequential(*layers, *([nn.LayerNorm(out_channels)] if norm else []))
