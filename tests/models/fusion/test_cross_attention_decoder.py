"""The double stream is torch's decoder over padded rows."""
import pytest
import torch
from torch import nn

from mmcomp.errors import DataError
from mmcomp.models.fusion import CrossAttentionDecoder
from mmcomp.structures import TokenSequence

SMALL = dict(channels=16, num_layers=2, heads=2, ffn_channels=24)


def sequences(padding: int = 0) -> dict[str, TokenSequence]:
    """Frames 3, 0 and 5; words 4, 2 and 1; noise behind them."""
    random, found = torch.Generator().manual_seed(1), {}
    for name, lengths in (('frames', [3, 0, 5]), ('text', [4, 2, 1])):
        tokens = torch.randn(3, 5, 16, generator=random)
        mask = torch.arange(5 + padding) < torch.tensor(lengths)[:, None]
        wide = 9 * torch.randn(3, 5 + padding, 16)
        wide[:, :5] = torch.where(mask[:, :5, None], tokens, wide[:, :5])
        found[name] = TokenSequence(wide, mask)
    return found


def decoder(**options) -> CrossAttentionDecoder:
    torch.manual_seed(0)
    return CrossAttentionDecoder(**SMALL, **options).eval()


def test_equals_torchs_decoder_row_by_row():
    ours = decoder()
    theirs = nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 2, 24, batch_first=True), 2).eval()
    theirs.load_state_dict({key: value for key, value in ours.state_dict().items() if not key.startswith('null')})
    rows = sequences()
    with torch.no_grad():
        found = ours(rows)
        for i in (0, 2):
            frames, text = (rows[name].tokens[i, rows[name].mask[i]][None] for name in ('frames', 'text'))
            torch.testing.assert_close(found.tokens[i, found.mask[i]], theirs(frames, text)[0], rtol=1e-4, atol=1e-5)
        empty = theirs(ours.null['frames'].token[None, None], rows['text'].tokens[1:2, :2])
    torch.testing.assert_close(found.tokens[1, :1], empty[0], rtol=1e-4, atol=1e-5)
    assert found.lengths.tolist() == [3, 1, 5]


def test_padding_changes_nothing():
    net = decoder(query_positions=9)
    with torch.no_grad():
        found, wider = net(sequences()), net(sequences(4))
    torch.testing.assert_close(wider.tokens[wider.mask], found.tokens[found.mask], rtol=1e-4, atol=1e-5)


def test_layers_start_from_weights_of_their_own():
    first, second = decoder().layers
    assert not torch.equal(first.linear1.weight, second.linear1.weight)


def test_order_is_seen_with_positions_alone():
    rows = sequences()
    turned = dict(rows, frames=TokenSequence(rows['frames'].tokens.flip(1), rows['frames'].mask.flip(1)))
    for positions, same in ((0, True), (5, False)):
        net = decoder(query_positions=positions)
        with torch.no_grad():
            one, other = net(rows).tokens[2], net(turned).tokens[2].flip(0)
        assert torch.allclose(one, other, atol=1e-5) is same
    with pytest.raises(DataError, match='at most 3, its `query_positions`; got 5'):
        decoder(query_positions=3)(rows)


def test_the_text_may_ask():
    found = decoder(query='text', memory='frames')(sequences())
    assert found.lengths.tolist() == [4, 2, 1] and found.part('text').tokens is not None
    assert torch.isfinite(found.tokens).all()
