"""NeXtVLAD by loops over frames, groups and clusters."""
import pytest
import torch

from mmcomp.errors import ConfigError
from mmcomp.models.necks import NeXtVLAD
from mmcomp.structures import TokenSequence


def naive(net: NeXtVLAD, frames: torch.Tensor) -> torch.Tensor:
    """One video (L, C) in evaluation mode."""
    clusters, groups = net.clusters, net.groups
    residuals = torch.zeros_like(net.centers)
    for frame in frames:
        wide = net.expand(frame)
        attention = net.attention(wide).sigmoid()
        logits = net.assign_norm(net.assign(wide)[None])[0].view(groups, clusters)
        for group, feature in enumerate(wide.chunk(groups)):
            shares = logits[group].softmax(dim=0) * attention[group]
            for cluster in range(clusters):
                residuals[cluster] += shares[cluster] * (feature - net.centers[cluster])
    residuals = torch.stack([row / row.norm() for row in residuals])
    vector = net.norm(net.reduce(net.vlad_norm(residuals.flatten()[None])))
    return (vector * net.gates(vector))[0]


def test_equals_the_loops():
    torch.manual_seed(0)
    net = NeXtVLAD(6, out_channels=8, clusters=3, groups=2, gate_reduction=4)
    mask = torch.arange(5) < torch.tensor([[5], [2], [4]])
    sequence = TokenSequence(torch.randn(3, 5, 6), mask)
    net(sequence)  # moves the statistics
    with torch.no_grad():
        found, = net.eval()(sequence)
        for vector, tokens, real in zip(found, sequence.tokens, mask):
            torch.testing.assert_close(vector, naive(net, tokens[real]), rtol=1e-4, atol=1e-5)


def test_a_video_without_frames_and_groups_that_do_not_fit():
    net = NeXtVLAD(6, out_channels=8, clusters=3).eval()
    found, = net(TokenSequence(torch.randn(2, 4, 6), torch.tensor([[True] * 4, [False] * 4])))
    assert torch.isfinite(found).all()
    with pytest.raises(ConfigError, match='a divisor of 12.*got 5'):
        NeXtVLAD(6, groups=5)
