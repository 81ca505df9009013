"""Poolings against a loop over the tokens that are there."""
import pytest
import torch

from mmcomp.errors import ConfigError
from mmcomp.models.necks import SequencePooling
from mmcomp.structures import TokenSequence

NAIVE = {
    'cls': lambda rows: rows[0], 'last': lambda rows: rows[-1],
    'mean': lambda rows: sum(rows) / len(rows), 'max': lambda rows: torch.stack(rows).max(dim=0).values,
}  # yapf: disable


@pytest.fixture
def sequence():
    mask = torch.tensor([[True, True, True, False], [True, False, False, False], [True] * 4])
    return TokenSequence(torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0)) - 3, mask)


@pytest.mark.parametrize('mode', NAIVE)
def test_a_loop_agrees(sequence, mode):
    (found, ) = SequencePooling(mode)(sequence)
    for i in range(3):
        rows = [sequence.tokens[i, t] for t in range(4) if sequence.mask[i, t]]
        torch.testing.assert_close(found[i], NAIVE[mode](rows))


def test_padding_counts_where_weights_were_trained_so(sequence):
    (found, ) = SequencePooling('mean_all')(sequence)
    torch.testing.assert_close(found, sum(sequence.tokens[:, t] for t in range(4)) / 4)


def test_several_are_joined_in_order(sequence):
    (both, ) = SequencePooling(['max', 'mean'])(sequence)
    parts = [SequencePooling(mode)(sequence)[0] for mode in ('max', 'mean')]
    torch.testing.assert_close(both, torch.cat(parts, dim=1))


@pytest.mark.parametrize('mode', NAIVE)
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16])
def test_a_sequence_without_tokens_is_finite(mode, dtype):
    empty = TokenSequence(torch.randn(2, 3, 4).to(dtype), torch.zeros(2, 3, dtype=torch.bool))
    (found, ) = SequencePooling(mode)(empty)
    assert found.dtype == dtype and found.isfinite().all()
    if mode in ('mean', 'max'):
        assert not found.any()


def test_padding_on_the_left(sequence):
    flipped = TokenSequence(sequence.tokens.flip(1), sequence.mask.flip(1))
    for mode in ('mean', 'max'):
        torch.testing.assert_close(SequencePooling(mode)(flipped)[0], SequencePooling(mode)(sequence)[0])
    torch.testing.assert_close(SequencePooling('last')(flipped)[0], SequencePooling('cls')(sequence)[0])


def test_what_is_not_there_is_refused(sequence):
    with pytest.raises(ConfigError, match='pooler=True'):
        SequencePooling('pooler')(sequence)
    for mode in ('middle', []):
        with pytest.raises(ConfigError, match='mode'):
            SequencePooling(mode)
