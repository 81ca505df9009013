"""Tokens and their mask fit together."""
import pytest
import torch

from mmcomp.errors import DataError
from mmcomp.structures import TokenSequence


def test_lengths():
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert TokenSequence(torch.zeros(2, 3, 4), mask).lengths.tolist() == [2, 0]


@pytest.mark.parametrize('mask', [torch.ones(2, 4) > 0, torch.ones(2, 3), torch.ones(3) > 0])
def test_a_mask_that_does_not_fit_is_refused(mask):
    with pytest.raises(DataError, match='mask'):
        TokenSequence(torch.zeros(2, 3, 4), mask)
