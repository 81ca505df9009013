"""Features are projected one by one."""
import torch

from mmcomp.models.backbones import FeatureProjector


def test_each_feature_by_itself():
    torch.manual_seed(0)
    projector = FeatureProjector(3, 5, position_channels=4).eval()
    features, positions = torch.randn(2, 6, 3), torch.rand(2, 6, 4)
    mask = torch.arange(6) < torch.tensor([[6], [2]])
    found = projector(dict(features=features, positions=positions, mask=mask))
    assert found.mask is mask
    one = projector(dict(features=features[1:, 1:2], positions=positions[1:, 1:2], mask=mask[1:, 1:2]))
    torch.testing.assert_close(found.tokens[1, 1], one.tokens[0, 0])
    moved = projector(dict(features=features, positions=positions + 1, mask=mask))
    assert not torch.allclose(moved.tokens, found.tokens)
