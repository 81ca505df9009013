"""Both published forms of the dense block, written out."""
import pytest
import torch

from mmcomp.errors import ConfigError
from mmcomp.models.necks import ResidualDense
from mmcomp.structures import TokenSequence


def test_sequential_and_parallel_by_hand():
    torch.manual_seed(0)
    sequence = TokenSequence(torch.randn(3, 4, 2), torch.arange(4) < torch.tensor([[4], [1], [2]]))
    necks = {mode: ResidualDense(4, mode=mode) for mode in ('sequential', 'parallel')}
    necks['parallel'].load_state_dict(necks['sequential'].state_dict())
    real = [tokens[mask] for tokens, mask in zip(sequence.tokens, sequence.mask, strict=True)]
    start = torch.stack([torch.cat([tokens.amax(0), tokens.mean(0)]) for tokens in real])
    one, two = necks['sequential'].layers
    between = start + torch.relu(one(start))
    torch.testing.assert_close(necks['sequential'](sequence)[0], between + torch.relu(two(between)))
    torch.testing.assert_close(necks['parallel'](sequence)[0], start + torch.relu(one(start)) + torch.relu(two(start)))


def test_an_unknown_mode():
    with pytest.raises(ConfigError, match='`mode` must be one of'):
        ResidualDense(4, mode='serial')
