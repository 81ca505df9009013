"""Dense layers with a way round them, behind a pooling."""
from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

MODES = ('sequential', 'parallel')


def residual_dense(vector: torch.Tensor, layers: Sequence[nn.Module], mode: str) -> torch.Tensor:
    """``h = h + relu(W_i h)`` in turn, or ``h + sum_i relu(W_i h)``, of ``(B, C)``."""
    if mode == 'parallel':
        return vector + sum(layer(vector).relu() for layer in layers)
    for layer in layers:
        vector = vector + layer(vector).relu()
    return vector


@MODELS.register_module()
class ResidualDense(BaseModule):
    """:func:`residual_dense` over what a pooling gives.

    Args:
        in_channels: Width of the pooled vector, which stays.
        pooling: Config of the neck that pools; by default ``max`` and ``mean`` joined.
        num_layers: Dense layers.
        mode: ``sequential`` or ``parallel``.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: If the mode is unknown.
    """

    def __init__(self, in_channels: int, pooling: dict | None = None, num_layers: int = 2, mode: str = 'sequential',
                 init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        if mode not in MODES:
            raise ConfigError(fault('ResidualDense', 'mode', f'one of {MODES}', mode, 'Correct it.'))
        self.mode = mode
        self.pooling = MODELS.build(pooling or dict(type='SequencePooling', mode=['max', 'mean']))
        self.layers = nn.ModuleList(nn.Linear(in_channels, in_channels) for _ in range(num_layers))

    def forward(self, sequence: TokenSequence) -> tuple[torch.Tensor]:
        """A :class:`TokenSequence` to a tuple of one tensor ``(B, in_channels)``."""
        (vector, ) = self.pooling(sequence)
        return (residual_dense(vector, self.layers, self.mode), )
