"""Who has nothing gets one token, who has something keeps it."""
import torch

from mmcomp.models.fusion.null_token import NullToken
from mmcomp.structures import TokenSequence


def test_where_it_goes():
    null = NullToken(3)
    mask = torch.tensor([[True, True], [False, False]])
    tokens = torch.randn(2, 2, 3)
    found = null(TokenSequence(tokens, mask))
    assert found.mask.tolist() == [[True, True], [True, False]]
    assert torch.equal(found.tokens[0], tokens[0]) and torch.equal(found.tokens[1, 0], null.token)
    found.tokens[0].sum().backward()
    assert null.token.grad.tolist() == [0, 0, 0]
