"""Poolings side by side."""
import pytest
import torch

from mmcomp.errors import ConfigError
from mmcomp.models.necks import JoinedPoolings
from mmcomp.structures import TokenSequence

MODES = [dict(type='SequencePooling', mode=mode) for mode in ('cls', 'mean')]


def test_joined_and_averaged():
    tokens, mask = torch.randn(4, 3, 6), torch.ones(4, 3, dtype=torch.bool)
    sequence, expected = TokenSequence(tokens, mask), [tokens[:, 0], tokens.mean(1)]
    torch.testing.assert_close(JoinedPoolings(MODES)(sequence)[0], torch.cat(expected, dim=1))
    torch.testing.assert_close(JoinedPoolings(MODES, 'mean')(sequence)[0], sum(expected) / 2)
    dense = JoinedPoolings(MODES, in_channels=12, out_channels=5)(sequence)[0]
    assert dense.shape == (4, 5) and (dense >= 0).all()


def test_options_that_do_not_fit():
    with pytest.raises(ConfigError, match='concat'):
        JoinedPoolings(MODES, merge='sum')
    with pytest.raises(ConfigError, match='in_channels'):
        JoinedPoolings(MODES, out_channels=5)
