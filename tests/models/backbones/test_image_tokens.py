"""Frames as tokens, in order, and none of padding."""
import pytest
import torch
from torch import nn

from mmcomp.errors import ConfigError
from mmcomp.models.backbones import ImageTokens
from mmcomp.registry import MODELS


class Counting(nn.Module):
    """2 x 2 patches of a 4 x 4 image, by their mean; remembers how many images it saw."""

    def forward(self, images):
        self.seen = len(images)
        return (nn.functional.avg_pool2d(images, 2), )


@pytest.fixture
def encoder(monkeypatch):

    def make(per_image):
        with monkeypatch.context() as patch:
            patch.setattr(MODELS, 'build', lambda cfg: Counting())
            return ImageTokens(dict(type='Counting'), per_image)

    return make


def test_patches_of_an_image(encoder):
    images = torch.arange(2 * 3 * 16.).view(2, 3, 4, 4)
    found = encoder('tokens')(images)
    assert found.tokens.shape == (2, 4, 3) and found.mask.all()
    for y in (0, 1):
        for x in (0, 1):
            torch.testing.assert_close(found.tokens[:, 2 * y + x],
                                       images[:, :, 2 * y:2 * y + 2, 2 * x:2 * x + 2].mean(dim=(2, 3)))


def test_frames_of_a_video(encoder):
    images, mask = torch.randn(2, 3, 3, 4, 4), torch.tensor([[True, True, True], [True, False, False]])
    images[1, 1:] = float('nan')
    make = encoder('mean')
    found = make(dict(images=images, mask=mask))
    assert make.backbone.seen == 4, 'padding is not computed'
    assert found.mask.tolist() == mask.tolist() and not found.tokens.isnan().any()
    torch.testing.assert_close(found.tokens[0], images[0].mean(dim=(2, 3)))
    every = encoder('tokens')(dict(images=images, mask=mask))
    assert every.tokens.shape == (2, 12, 3) and every.lengths.tolist() == [12, 4]
    torch.testing.assert_close(every.tokens[0, 4:8].mean(dim=0), images[0, 1].mean(dim=(1, 2)))


def test_an_unknown_way_is_refused():
    with pytest.raises(ConfigError, match='per_image'):
        ImageTokens(dict(type='ResNet'), 'max')
