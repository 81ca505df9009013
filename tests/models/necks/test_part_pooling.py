"""One modality out of several."""
import pytest
import torch

from mmcomp.errors import DataError
from mmcomp.models.necks import PartPooling
from mmcomp.structures import TokenSequence


def test_the_mean_of_its_tokens_alone():
    tokens, mask = torch.randn(2, 5, 3), torch.tensor([[True] * 5, [True, True, False, True, False]])
    parts = dict(text=(slice(0, 1), slice(3, 5)), frames=(slice(1, 3), ))
    sequence = TokenSequence(tokens, mask, parts=parts)
    text, = PartPooling('text')(sequence)
    torch.testing.assert_close(text, torch.stack([tokens[0, [0, 3, 4]].mean(0), tokens[1, [0, 3]].mean(0)]))
    frames, = PartPooling('frames', dict(type='SequencePooling', mode='max'))(sequence)
    torch.testing.assert_close(frames, torch.stack([tokens[0, 1:3].amax(0), tokens[1, 1]]))
    with pytest.raises(DataError, match=r"one of \('text', 'frames'\).*got 'sound'"):
        PartPooling('sound')(sequence)
    with pytest.raises(DataError, match='another fusion'):
        PartPooling('text')(TokenSequence(tokens, mask))
