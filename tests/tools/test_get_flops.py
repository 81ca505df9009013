import pytest
import torch
from torch import nn

from mmcomp.apis.complexity import complexity
from mmcomp.errors import ConfigError


class Toy(nn.Module):
    """A convolution and an attention whose cost is known by hand."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 8, 4, stride=4)
        self.pool = nn.Identity()
        self.head = nn.Linear(8, 24)

    def forward(self, inputs, mode):
        tokens = self.backbone(inputs).flatten(2).transpose(1, 2)
        q, k, v = self.head(self.pool(tokens)).chunk(3, dim=-1)
        return nn.functional.scaled_dot_product_attention(q, k, v)


def test_counts_by_hand():
    costs = complexity(Toy(), (8, 16))
    tokens = 2 * 4
    conv, linear, attention = tokens * 8 * 3 * 16, tokens * 8 * 24, 2 * tokens * tokens * 8
    assert set(costs) == {'backbone', 'head', 'total'}
    assert (costs['backbone'].parameters, costs['backbone'].multiply_adds) == (8 * 49, conv)
    assert (costs['head'].multiply_adds, costs['head'].activations) == (linear, tokens * 24)
    assert costs['total'].multiply_adds == conv + linear + attention
    assert costs['total'].activations == tokens * 8 + tokens * 24
    assert costs['total'].parameters == 8 * 49 + 9 * 24


def test_a_shape_the_model_refuses():
    with pytest.raises(ConfigError, match='--shape'):
        complexity(Toy(), (2, 2))


def test_resnet18_has_its_published_cost(tool, tmp_path, capsys):
    """11.69 M parameters and 1.82 G multiply-adds at 224, in the paper's counting."""
    (tmp_path / 'r18.py').write_text(
        "model = dict(type='ImageClassifier', backbone=dict(type='ResNet', depth=18, num_stages=4, out_indices=(3, )),"
        "neck=dict(type='GlobalAveragePooling'), head=dict(type='LinearClsHead', num_classes=1000, in_channels=512))")
    state = torch.random.get_rng_state()
    tool('get_flops').main([str(tmp_path / 'r18.py'), '--shape', '224'])
    torch.random.set_rng_state(state)
    out = capsys.readouterr().out
    total = next(line for line in out.splitlines() if line.startswith('total')).split()
    assert total[1] == '11.690' and float(total[2]) == pytest.approx(1.82, abs=.01)
    assert '3 x 224 x 224' in out
