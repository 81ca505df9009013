"""Equal to transformers sequence by sequence, whatever the padding."""
import pytest
import torch
from transformers import AutoConfig, AutoModel, BertForSequenceClassification

from mmcomp.errors import ConfigError, DataError
from mmcomp.models.backbones import HuggingFaceTextEncoder
from mmcomp.registry import MODELS

SMALL = dict(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
FAMILIES = {
    'bert': SMALL, 'roberta': dict(SMALL, pad_token_id=1), 'deberta-v2': dict(
        SMALL, relative_attention=True, pos_att_type=['p2c', 'c2p'], position_buckets=8),
    'gpt2': dict(vocab_size=50, n_embd=16, n_layer=2, n_head=2), 'roformer': dict(SMALL, embedding_size=16),
    'modernbert': dict(SMALL, pad_token_id=3, cls_token_id=1, sep_token_id=2, bos_token_id=1, eos_token_id=2),
    'electra': dict(SMALL, embedding_size=16), 'distilbert': dict(vocab_size=50, dim=16, n_layers=2, n_heads=2,
                                                                  hidden_dim=32),
}  # yapf: disable
ROWS = [[7, 8, 9, 10, 11, 12, 13], [20], [30, 31, 32]]


def batch(width):
    mask = torch.arange(width) < torch.tensor([[len(row)] for row in ROWS])
    ids = torch.full(mask.shape, 40)  # not the padding id of any of them
    for i, row in enumerate(ROWS):
        ids[i, :len(row)] = torch.tensor(row)
    return dict(ids=ids, mask=mask)


@pytest.mark.parametrize('family', FAMILIES)
@pytest.mark.parametrize('width', [7, 16])
def test_a_padded_batch_equals_one_sequence_at_a_time(family, width, tmp_path):
    torch.manual_seed(0)
    reference = AutoModel.from_config(AutoConfig.for_model(family, **FAMILIES[family])).eval()
    reference.save_pretrained(tmp_path)
    encoder = HuggingFaceTextEncoder(str(tmp_path)).eval()
    with torch.no_grad():
        found = encoder(batch(width))
        for i, row in enumerate(ROWS):
            expected = reference(input_ids=torch.tensor([row])).last_hidden_state[0]
            torch.testing.assert_close(found.tokens[i, :len(row)], expected, rtol=1e-4, atol=1e-5)
    assert encoder.out_channels == 16 and found.lengths.tolist() == [7, 1, 3]


@pytest.mark.parametrize(('family', 'more'), [('bert', dict(max_position_embeddings=7)), (
    'roberta', dict(max_position_embeddings=9)), ('gpt2', dict(n_positions=7)), ('deberta-v2', dict(
        max_position_embeddings=7))])
def test_padding_may_reach_beyond_the_positions_and_tokens_may_not(family, more):
    encoder = HuggingFaceTextEncoder(config=dict(model_type=family, **FAMILIES[family], **more)).eval()
    with torch.no_grad():
        found, expected = encoder(batch(8)), encoder(batch(7))
    torch.testing.assert_close(found.tokens, expected.tokens)
    assert found.mask.shape == (3, 7) and found.lengths.tolist() == [7, 1, 3]
    longer = {name: torch.cat([value, value], dim=1) for name, value in batch(7).items()}
    with pytest.raises(DataError, match='at most 7, the positions of this model; got 14.*max_length'):
        encoder(longer)


def test_a_classifier_of_its_weights_has_its_logits(tmp_path):
    torch.manual_seed(0)
    reference = BertForSequenceClassification(AutoConfig.for_model('bert', num_labels=3, **SMALL)).eval()
    reference.bert.save_pretrained(tmp_path)
    model = MODELS.build(dict(
        type='SequenceClassifier', neck=dict(type='SequencePooling', mode='pooler'),
        backbone=dict(type='HuggingFaceTextEncoder', name_or_path=str(tmp_path), pooler=True),
        head=dict(type='DropoutLinearHead', num_classes=3, in_channels=16)))
    model.head.fc.load_state_dict(reference.classifier.state_dict())
    model.init_weights()
    data = dict(inputs=[torch.tensor(row, dtype=torch.int32) for row in ROWS])
    with torch.no_grad():
        samples = model.eval().test_step(data)
        for sample, row in zip(samples, ROWS, strict=True):
            expected = reference(input_ids=torch.tensor([row])).logits[0].softmax(dim=0)
            torch.testing.assert_close(sample.pred_score, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('family', ['bert', 'gpt2', 'modernbert', 'distilbert'])
def test_deeper_layers_are_deeper(family):
    encoder = HuggingFaceTextEncoder(config=dict(model_type=family, **FAMILIES[family]))
    depths = {name: encoder.get_layer_depth(f'backbone.{name}', 'backbone.') for name, _ in encoder.named_parameters()}
    assert {depth for depth, _ in depths.values()} >= {0, 1, 2} and {number for _, number in depths.values()} == {4}
    assert all(depth == 0 for name, (depth, _) in depths.items() if 'embed' in name or 'wte' in name)
    assert all(depth == 2 for name, (depth, _) in depths.items() if '.1.' in name)


@pytest.mark.parametrize('family', ['bert', 'gpt2', 'roberta'])
def test_the_first_layers_alone(family):
    whole = HuggingFaceTextEncoder(config=dict(model_type=family, **FAMILIES[family]), layers=True).eval()
    part = HuggingFaceTextEncoder(config=dict(model_type=family, **FAMILIES[family]), layers=True, num_layers=1).eval()
    state = whole.state_dict()
    part.load_state_dict({name: state[name] for name in part.state_dict()})
    with torch.no_grad():
        first, all_layers = part(batch(7)), whole(batch(7))
    assert len(first.layers) == 2 and len(all_layers.layers) == 3
    if family != 'gpt2':  # has a norm behind its last layer
        torch.testing.assert_close(first.tokens[first.mask], all_layers.layers[1][first.mask])
    assert part.get_layer_depth('model.embeddings.word_embeddings.weight') == (0, 3)
    with pytest.raises(ConfigError, match='from 1 to 2'):
        HuggingFaceTextEncoder(config=dict(model_type=family, **FAMILIES[family]), num_layers=3)


def test_what_can_not_be_built_is_said():
    with pytest.raises(ConfigError, match='model_type.*Did you mean `roberta`'):
        HuggingFaceTextEncoder(config=dict(model_type='robertta'))
    with pytest.raises(ConfigError, match='allow_download=True'):
        HuggingFaceTextEncoder('bert-base-uncased')
    with pytest.raises(ConfigError, match='Give one of the two'):
        HuggingFaceTextEncoder()
