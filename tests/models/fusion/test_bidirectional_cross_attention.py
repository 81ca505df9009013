"""Two decoders, one a direction."""
import pytest
import torch

from mmcomp.models.fusion import BidirectionalCrossAttention, CrossAttentionDecoder
from mmcomp.structures import TokenSequence

SMALL = dict(channels=16, num_layers=2, heads=2, ffn_channels=24)


def rows() -> dict[str, TokenSequence]:
    torch.manual_seed(3)
    return {name: TokenSequence(torch.randn(3, 5, 16), torch.arange(5) < torch.tensor(lengths)[:, None])
            for name, lengths in (('frames', [3, 0, 5]), ('text', [4, 2, 1]))}


@pytest.mark.parametrize('exchange', [False, True])
def test_each_direction_is_a_decoder(exchange):
    torch.manual_seed(0)
    both, sequences = BidirectionalCrossAttention(**SMALL, exchange=exchange).eval(), rows()
    with torch.no_grad():
        found = both(sequences)
        for query, memory in (('frames', 'text'), ('text', 'frames')):
            alone = CrossAttentionDecoder(**SMALL, query=query, memory=memory).eval()
            alone.layers.load_state_dict(both.layers[query].state_dict())
            alone.null.load_state_dict(both.null.state_dict())
            expected, part = alone(sequences), found.part(query)
            assert torch.equal(part.mask, expected.mask)
            same = torch.allclose(part.tokens[part.mask], expected.tokens[expected.mask], atol=1e-5)
            assert same is not exchange
    assert torch.isfinite(found.tokens).all() and found.tokens.shape == (3, 10, 16)
