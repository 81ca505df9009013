"""NeXtVLAD: frames to a vector by soft assignment to learnt clusters."""
import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence


def next_vlad(features: torch.Tensor, assignment: torch.Tensor, centers: torch.Tensor) -> torch.Tensor:
    """Residuals to each cluster's center, summed by their share and made of length 1.

    Args:
        features: ``(B, N, D)``, the groups of all frames.
        assignment: ``(B, N, K)``, shares in the clusters; zero for padding.
        centers: ``(K, D)``.

    Returns:
        ``(B, K, D)``.
    """
    residuals = assignment.transpose(1, 2) @ features - assignment.sum(dim=1)[..., None] * centers
    return F.normalize(residuals, dim=2)


@MODELS.register_module()
class NeXtVLAD(BaseModule):
    """*NeXtVLAD* (Lin et al., 2018), with squeeze-and-excitation gates behind it; padding has no part in it.

    Each frame is widened, cut into groups, and each group assigned to K clusters by a softmax that a group's own
    sigmoid attention scales. Batch norms see real frames alone.

    Args:
        in_channels: Width C of the tokens.
        out_channels: Width of the vector.
        clusters: K.
        groups: G, a divisor of ``expansion * in_channels``.
        expansion: How much wider a frame gets before it is cut.
        gate_reduction: Ratio of the gates' bottleneck; 0 for no gates.
        dropout: On the clusters' residuals.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: If the groups do not divide the width.
    """

    def __init__(self, in_channels: int, out_channels: int = 1024, clusters: int = 64, groups: int = 4,
                 expansion: int = 2, gate_reduction: int = 8, dropout: float = 0.3,
                 init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        wide = expansion * in_channels
        if wide % groups:
            raise ConfigError(fault('NeXtVLAD', 'groups', f'a divisor of {wide}, the widened width', groups,
                                    'Correct it.'))
        self.clusters, self.groups, part = clusters, groups, wide // groups
        self.expand, self.attention = nn.Linear(in_channels, wide), nn.Linear(wide, groups)
        self.assign = nn.Linear(wide, groups * clusters, bias=False)  # the norm has a bias
        self.assign_norm = nn.BatchNorm1d(groups * clusters)
        self.centers = nn.Parameter(torch.randn(clusters, part) / part**0.5)
        self.vlad_norm, self.dropout = nn.BatchNorm1d(clusters * part), nn.Dropout(dropout)
        self.reduce, self.norm = nn.Linear(clusters * part, out_channels, bias=False), nn.BatchNorm1d(out_channels)
        self.gates = None
        if gate_reduction:
            narrow = max(1, out_channels // gate_reduction)
            self.gates = nn.Sequential(nn.Linear(out_channels, narrow), nn.ReLU(), nn.Linear(narrow, out_channels),
                                       nn.Sigmoid())

    def forward(self, sequence: TokenSequence) -> tuple[torch.Tensor]:
        """A :class:`TokenSequence` to a tuple of one tensor ``(B, out_channels)``."""
        mask = sequence.mask
        wide = self.expand(sequence.tokens[mask])
        shares = self.assign_norm(self.assign(wide)).unflatten(1, (self.groups, self.clusters)).softmax(dim=2)
        shares = shares * self.attention(wide).sigmoid()[..., None]
        features, assignment = (_padded(values, mask).flatten(1, 2)
                                for values in (wide.unflatten(1, (self.groups, -1)), shares))
        residuals = self.vlad_norm(next_vlad(features, assignment, self.centers).flatten(1))
        vector = self.norm(self.reduce(self.dropout(residuals)))
        return (vector if self.gates is None else vector * self.gates(vector), )


def _padded(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """``(tokens, …)`` to ``(B, L, …)``, zero where there is no token."""
    padded = values.new_zeros(*mask.shape, *values.shape[1:])
    padded[mask] = values
    return padded
