"""A learnt mixture of all layers of an encoder."""
from dataclasses import replace

import torch
from mmengine.model import BaseModule
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence


@MODELS.register_module()
class WeightedLayers(BaseModule):
    """``gamma * sum_l softmax(w)_l h_l`` over the last layers, then pooled (*ELMo*, Peters et al., 2018).

    Args:
        num_layers: How many layers from the end.
        pooling: Config of the neck that pools the mixture.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: If the encoder emits fewer layers.
    """

    def __init__(self, num_layers: int, pooling: dict | None = None, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        self.pooling = MODELS.build(pooling or dict(type='SequencePooling', mode='mean'))
        self.weights = nn.Parameter(torch.zeros(num_layers))
        self.gamma = nn.Parameter(torch.ones(()))

    def forward(self, sequence: TokenSequence) -> tuple[torch.Tensor]:
        """A :class:`TokenSequence` with ``layers`` to what the pooling makes of their mixture."""
        count, layers = len(self.weights), sequence.layers or ()
        if len(layers) < count:
            raise ConfigError(fault('WeightedLayers', 'num_layers', f'at most {len(layers)}, the layers the encoder '
                                    'emits', count, 'Lower it, or set layers=True in the encoder.'))
        mixed = torch.einsum('l,lbtc->btc', self.weights.softmax(dim=0), torch.stack(layers[-count:]))
        return self.pooling(replace(sequence, tokens=self.gamma * mixed))
