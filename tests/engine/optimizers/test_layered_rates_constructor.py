"""Each tensor is in one group, at the rate of its part and layer, with decay by the type of its module."""
import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import build_optim_wrapper
from torch import distributed, nn

from mmcomp.engine.optimizers import LayeredRatesConstructor  # noqa: F401  (registers)
from mmcomp.errors import ConfigError


class Encoder(nn.Module):
    """Word vectors and three layers, which it can tell the depth of."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(7, 4)
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True) for _ in range(3))
        self.final_norm = nn.LayerNorm(4)

    def get_layer_depth(self, name, prefix=''):
        """Words 0, layers from 1, the rest 4."""
        part, *rest = name.split('.')
        return dict(words=0, layers=int(rest[0]) + 1 if part == 'layers' else None).get(part, 4), 5


class OddNorm(nn.Module):
    """A norm of nobody's family."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoders = nn.ModuleDict(dict(text=Encoder(), frames=nn.Linear(3, 4)))
        self.fusion = nn.TransformerDecoderLayer(4, 2, 8, batch_first=True)
        self.norm, self.gate, self.head = OddNorm(), nn.Parameter(torch.zeros(4)), nn.Linear(4, 7)
        self.head.weight = self.encoders['text'].words.weight  # tied
        self.fusion.linear2.requires_grad_(False)


def groups(model, **paramwise):
    wrapper = build_optim_wrapper(model, dict(
        type='OptimWrapper', optimizer=dict(type='AdamW', lr=5e-4, weight_decay=.01),
        constructor='LayeredRatesConstructor', paramwise_cfg=paramwise))
    return wrapper.optimizer.param_groups


def options(model, **paramwise):
    """Rate and decay of each trainable parameter by name; every one in exactly one group."""
    found = groups(model, **paramwise)
    placed = [id(p) for group in found for p in group['params']]
    names = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    assert sorted(placed) == sorted(names)
    assert len({(group['lr'], group['weight_decay']) for group in found}) == len(found), 'merged'
    return {names[id(p)]: (group['lr'], group['weight_decay']) for group in found for p in group['params']}


RATES = {'encoders': 1e-5, 'encoders.text': 5e-5, r'^fusion\.': 8e-5}


def test_rates_by_part_and_decay_by_type():
    for name, (rate, decay) in options(Model(), rates=RATES).items():
        part = next((key for key in ('encoders.text', 'encoders', 'fusion') if name.startswith(key)), 'else')
        assert rate == {'encoders.text': 5e-5, 'encoders': 1e-5, 'fusion': 8e-5, 'else': 5e-4}[part], name
        undecayed = 'norm' in name or name.endswith('bias')
        assert decay == (0 if undecayed else .01), name
    assert '.norm1.weight' in str(options(Model()).keys()), 'a name that the published pattern misses'


def test_lower_layers_learn_slower_within_their_encoder():
    found = options(Model(), rates=RATES, layer_decay_rate=.5)
    for name, above in {'encoders.text.words.weight': 4, 'encoders.text.layers.0.linear1.weight': 3,
                        'encoders.text.layers.2.linear1.weight': 1, 'encoders.text.final_norm.weight': 0}.items():
        assert found[name][0] == pytest.approx(5e-5 * .5**above), name
    assert found['encoders.frames.weight'][0] == 1e-5 and found['gate'][0] == 5e-4


def test_further_kinds_without_decay():
    found = options(Model(), no_decay=['embedding', 'vector'])
    assert found['encoders.text.words.weight'][1] == found['gate'][1] == found['norm.weight'][1] == 0
    assert found['fusion.linear1.weight'][1] == .01


def test_wrappers_change_nothing():
    plain = [(g['lr'], g['weight_decay'], len(g['params'])) for g in groups(Model(), rates=RATES, layer_decay_rate=.9)]
    compiled, wrapped = Model(), nn.Module()
    compiled.encoders['text'] = torch.compile(compiled.encoders['text'], backend='eager')
    wrapped.module = Model()
    for model in (compiled, torch.compile(Model(), backend='eager'), wrapped):
        found = groups(model, rates=RATES, layer_decay_rate=.9)
        assert [(g['lr'], g['weight_decay'], len(g['params'])) for g in found] == plain


def test_names_of_a_distributed_model_are_those_without_it(tmp_path):
    """The published code lost its rates to names that begin with ``module.``."""
    distributed.init_process_group('gloo', f'file://{tmp_path}/meet', rank=0, world_size=1)
    try:
        model = Model()
        model.gate.requires_grad = False
        plain, wrapped = options(model, rates=RATES), MMDistributedDataParallel(model)
        found = options(wrapped, rates=RATES)
    finally:
        distributed.destroy_process_group()
    assert found == {f'module.{name}': value for name, value in plain.items()}
    assert {rate for rate, _ in found.values()} == {5e-4, 1e-5, 5e-5, 8e-5}


@pytest.mark.parametrize(('paramwise', 'words'), [
    (dict(rates={'encoder.text': 1e-4}), 'encoder.text'), (dict(rates={'fusion': 0}), 'above 0'),
    (dict(no_decay=['norms']), 'norm'), (dict(custom_keys={}), 'rates, layer_decay_rate, no_decay'),
    (dict(rates={r'fusion\.linear2': 1.}), 'trainable')])
def test_what_is_refused(paramwise, words):
    with pytest.raises(ConfigError, match=words):
        groups(Model(), **paramwise)
