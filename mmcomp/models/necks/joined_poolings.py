"""Several poolings of one sequence."""
from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

MERGES = ('concat', 'mean')


@MODELS.register_module()
class JoinedPoolings(BaseModule):
    """The vectors of several necks, joined or averaged, and on request a dense layer behind them.

    The mean of each modality's mean is ``poolings=[dict(type='PartPooling', part=name) …], merge='mean'``.

    Args:
        poolings: Configs of the necks.
        merge: ``concat``, or ``mean`` of vectors of one width.
        in_channels: Width of the merged vector, needed for the dense layer.
        out_channels: Width of a linear layer with batch norm and ReLU behind the merged vector; 0 for none.
        dropout: Behind the dense layer.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: On an unknown merge, or a dense layer without ``in_channels``.
    """

    def __init__(self, poolings: Sequence[dict], merge: str = 'concat', in_channels: int | None = None,
                 out_channels: int = 0, dropout: float = 0.0, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        if merge not in MERGES:
            raise ConfigError(fault('JoinedPoolings', 'merge', f'one of {MERGES}', merge, 'Correct it.'))
        if out_channels and not in_channels:
            raise ConfigError(fault('JoinedPoolings', 'in_channels', 'given with `out_channels`', in_channels,
                                    'Give the sum of the widths that the poolings emit.'))
        self.poolings, self.merge = nn.ModuleList(MODELS.build(cfg) for cfg in poolings), merge
        self.dense = None
        if out_channels:
            self.dense = nn.Sequential(nn.Linear(in_channels, out_channels, bias=False), nn.BatchNorm1d(out_channels),
                                       nn.ReLU(), nn.Dropout(dropout))

    def forward(self, sequence: TokenSequence) -> tuple[torch.Tensor]:
        """A :class:`TokenSequence` to a tuple of one tensor."""
        vectors = [pooling(sequence)[-1] for pooling in self.poolings]
        merged = torch.cat(vectors, dim=1) if self.merge == 'concat' else torch.stack(vectors).mean(dim=0)
        return (merged if self.dense is None else self.dense(merged), )
