"""A mixture of the last layers."""
import pytest
import torch

from mmcomp.errors import ConfigError
from mmcomp.models.necks import WeightedLayers
from mmcomp.structures import TokenSequence


@pytest.fixture
def sequence():
    layers = tuple(torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(i)) for i in range(4))
    return TokenSequence(layers[-1], torch.ones(2, 3, dtype=torch.bool), layers)


def test_it_starts_as_the_mean_of_the_last_layers_and_can_choose_one(sequence):
    neck = WeightedLayers(2)
    torch.testing.assert_close(neck(sequence)[0], (sequence.layers[2] + sequence.layers[3]).mean(dim=1) / 2)
    neck.weights.data, neck.gamma.data = torch.tensor([100., 0.]), torch.tensor(3.)
    torch.testing.assert_close(neck(sequence)[0], 3 * sequence.layers[2].mean(dim=1))


def test_layers_that_are_not_there_are_refused(sequence):
    with pytest.raises(ConfigError, match='num_layers.*layers=True'):
        WeightedLayers(5)(sequence)
