"""A single stream is a BERT over a longer row."""
import pytest
import torch
from transformers import BertConfig, BertModel

from mmcomp.errors import ConfigError, DataError
from mmcomp.models.backbones import WordEmbeddings
from mmcomp.models.fusion import ConcatTransformer
from mmcomp.structures import TokenSequence

BERT = dict(vocab_size=30, hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32,
            max_position_embeddings=12)
LENGTHS = torch.tensor([7, 2, 4])


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    model = BertModel(BertConfig(**BERT))
    for parameter in model.parameters():
        parameter.data += torch.randn_like(parameter) * 0.1
    model.save_pretrained(tmp_path)
    return str(tmp_path)


def text(width: int = 7) -> dict[str, torch.Tensor]:
    ids = torch.randint(1, 30, (3, 7), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(width) < LENGTHS[:, None]
    return dict(ids=torch.nn.functional.pad(ids, (0, width - 7)), mask=mask)


def frames(width: int = 4) -> TokenSequence:
    tokens = torch.randn(3, 4, 16, generator=torch.Generator().manual_seed(2))
    mask = torch.arange(width) < torch.tensor([[4], [3], [0]])
    noise = 50 * torch.randn(3, width, 16)
    noise[:, :4] = torch.where(mask[:, :4, None], tokens, noise[:, :4])
    return TokenSequence(noise, mask)


def both(folder, width=7, frame_width=4, **options):
    words, fusion = WordEmbeddings(folder).eval(), ConcatTransformer(folder, **options).eval()
    with torch.no_grad():
        return fusion(dict(text=words(text(width)), frames=frames(frame_width)))


@pytest.mark.parametrize('attention', ['sdpa', 'eager'])
def test_text_alone_is_the_published_bert(folder, attention):
    reference, words = BertModel.from_pretrained(folder).eval(), WordEmbeddings(folder).eval()
    fusion = ConcatTransformer(folder, attention=attention, layers=True).eval()
    fusion.init_weights()  # as a Runner does, which must not undo the loading
    with torch.no_grad():
        expected = reference(input_ids=text()['ids'], attention_mask=text()['mask'].long(), output_hidden_states=True)
        found = fusion(dict(text=words(text())))
    for one, other in zip(found.layers, expected.hidden_states, strict=True):
        torch.testing.assert_close(one[found.mask], other[found.mask], rtol=1e-4, atol=1e-5)
    assert 'word_embeddings.weight' in dict(words.named_parameters())
    assert not any('word' in name or 'pooler' in name for name in fusion.state_dict())
    assert len(fusion.state_dict()) + 1 == len([k for k in reference.state_dict() if 'pooler' not in k])


def test_both_are_bert_over_the_joined_embeddings(folder):
    reference, words = BertModel.from_pretrained(folder).eval(), WordEmbeddings(folder)
    sequence = dict(frames=frames(), text=words(text()))
    embedded = [reference.embeddings(inputs_embeds=s.tokens, token_type_ids=torch.full(s.mask.shape, segment))
                for s, segment in zip(sequence.values(), (1, 0))]
    mask = torch.cat([s.mask for s in sequence.values()], dim=1)
    reference.embeddings = torch.nn.Identity()
    reference.embeddings.forward = lambda inputs_embeds, **kwargs: inputs_embeds
    with torch.no_grad():
        expected = reference(inputs_embeds=torch.cat(embedded, dim=1), attention_mask=mask.long()).last_hidden_state
    found = both(folder, segments=dict(frames=1))
    torch.testing.assert_close(found.tokens[mask], expected[mask], rtol=1e-4, atol=1e-5)
    assert torch.equal(found.mask, mask)


@pytest.mark.parametrize('options', [dict(), dict(order=('text', 'frames')), dict(order=('cls', 'frames', 'text')),
                                     dict(share_embeddings=False), dict(fusion_layer=2)], ids=str)
def test_padding_changes_nothing_and_the_order_is_but_a_place(folder, options):
    found, wider = both(folder, **options), both(folder, 11, 6, **options)
    plain = both(folder, **{name: value for name, value in options.items() if name != 'order'})
    for name in ('frames', 'text'):
        one, more, same = found.part(name), wider.part(name), plain.part(name)
        torch.testing.assert_close(more.tokens[more.mask], one.tokens[one.mask], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(same.tokens[same.mask], one.tokens[one.mask], rtol=1e-4, atol=1e-5)
    assert found.part('text').lengths.tolist() == [7, 2, 4] and found.part('frames').lengths.tolist() == [4, 3, 0]


def test_text_reads_alone_below_the_fusion_layer(folder):
    reference = BertModel.from_pretrained(folder).eval()
    words, fusion = WordEmbeddings(folder).eval(), ConcatTransformer(folder, fusion_layer=2, layers=True).eval()
    with torch.no_grad():
        states = reference(input_ids=text()['ids'], attention_mask=text()['mask'].long(),
                           output_hidden_states=True).hidden_states
        found = fusion(dict(text=words(text()), frames=frames()))
    joined, mask = found.part('text'), text()['mask']
    assert len(found.layers) == 2
    torch.testing.assert_close(joined.layers[0][mask], states[2][mask], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(joined.tokens[mask], states[3][mask], atol=1e-3)


def test_separate_embeddings_start_from_those_of_the_text_and_go_their_own_way(folder):
    own, shared = both(folder, share_embeddings=False), both(folder)
    torch.testing.assert_close(own.tokens[own.mask], shared.tokens[shared.mask], rtol=1e-4, atol=1e-5)
    fusion = ConcatTransformer(folder, share_embeddings=False)
    assert fusion.embeddings['frames'].LayerNorm.weight is not fusion.model.embeddings.LayerNorm.weight


def test_a_sample_of_nothing_is_finite(folder):
    fusion = ConcatTransformer(folder).eval()
    nothing = TokenSequence(torch.zeros(1, 3, 16), torch.zeros(1, 3, dtype=torch.bool))
    found = fusion(dict(text=nothing, frames=nothing))
    assert torch.isfinite(found.tokens).all() and not found.mask.any()


@pytest.mark.parametrize(('options', 'words'), [
    (dict(order=('frames', )), '`text` among them'), (dict(order=('frames', 'text', 'cls')), '`cls`'),
    (dict(segments=dict(frames=2)), 'below 2'), (dict(segments=dict(frame=1)), 'in `order`'),
    (dict(fusion_layer=3), 'from 0 to 2')])
def test_options_that_do_not_fit(options, words):
    with pytest.raises(ConfigError, match=words):
        ConcatTransformer(config=dict(model_type='bert', **BERT), **options)


def test_tokens_beyond_the_positions(folder):
    with pytest.raises(ConfigError, match='must be bert; got .gpt2'):
        ConcatTransformer(config=dict(model_type='gpt2', n_embd=8, n_layer=1, n_head=1, vocab_size=9))
    assert both(folder, 20).part('text').mask.shape == (3, 12)
    long = TokenSequence(torch.zeros(1, 13, 16), torch.ones(1, 13, dtype=torch.bool))
    with pytest.raises(DataError, match='at most 12, the positions of this model; got 13'):
        ConcatTransformer(folder)(dict(text=long))
