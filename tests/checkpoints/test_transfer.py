"""Parts of a pre-training into a classifier: every tensor is accounted for, and what does not fit is refused."""
import pytest
import torch
from mmengine.registry import DefaultScope
from torch import nn

from mmcomp.checkpoints.transfer import transfer_weights
from mmcomp.errors import CheckpointError, ConfigError
from mmcomp.registry import MODELS

BERT = dict(model_type='bert', vocab_size=10, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=8, max_position_embeddings=8)
PARTS = dict(encoders=dict(text=dict(type='WordEmbeddings', config=BERT),
                           frames=dict(type='FeatureProjector', in_channels=3, out_channels=8,
                                       init_cfg=dict(type='Constant', layer='Linear', val=9.0))),
             fusion=dict(type='ConcatTransformer', config=BERT))


@pytest.fixture(autouse=True)
def _scope():
    with DefaultScope.overwrite_default_scope('mmcomp'):
        yield


@pytest.fixture
def pretrained(tmp_path):
    torch.manual_seed(0)
    model = MODELS.build(dict(PARTS, type='MultimodalPretrainer', tasks=[
        dict(type='ImageTextMatching', in_channels=8), dict(type='MaskedFrameModeling', in_channels=8)]))
    path = tmp_path / 'epoch_30.pth'
    torch.save(dict(state_dict={f'module.{name}': value for name, value in model.state_dict().items()}), path)
    return path, model.state_dict()


def classifier(parts=PARTS, **init):
    return MODELS.build(dict(parts, type='MultimodalClassifier', neck=dict(type='SequencePooling'),
                             head=dict(type='DropoutLinearHead', num_classes=4, in_channels=8),
                             init_cfg=dict(type='TransferredWeights', **init)))


def test_a_classifier_starts_from_a_pretraining(pretrained):
    path, state = pretrained
    model = classifier(checkpoint=str(path))
    head = model.head.state_dict()
    model.init_weights()
    found = model.state_dict()
    kept = {name for name in found if name.startswith('head.')}
    assert kept and all(torch.equal(found[name], state[name]) for name in found.keys() - kept)
    assert all(torch.equal(model.head.state_dict()[name], value) for name, value in head.items())
    report = transfer_weights(model, state, ['encoders', 'fusion'])
    assert set(report.loaded) == found.keys() - kept and set(report.missing) == kept
    assert set(report.skipped) == {name for name in state if name.startswith('tasks.')}
    assert 'encoders.text 1, encoders.frames 4, fusion' in str(report) and 'left in the file (tasks.0 2' in str(report)


def test_what_does_not_fit_is_refused_and_nothing_changes(pretrained):
    path, state = pretrained
    deeper = dict(BERT, num_hidden_layers=2)
    wide = dict(PARTS['encoders']['frames'], in_channels=5)
    cases = [
        (dict(PARTS, fusion=dict(PARTS['fusion'], config=deeper)), {}, 'missing in the file: model.encoder.layer.1'),
        (dict(PARTS, encoders=dict(PARTS['encoders'], frames=wide)), {}, r'shape \(8, 3\), the model wants \(8, 5\)'),
        (PARTS, dict(subtrees=['encoder']), 'Did you mean `encoders'),
        (PARTS, dict(subtrees={'encoders': 'neck'}), 'no `neck` in it'),
    ]
    for parts, init, said in cases:
        model = classifier(parts, checkpoint=str(path), **init)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        with pytest.raises(CheckpointError, match=said):
            model.init_weights()
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    with pytest.raises(ConfigError, match='--load-from'):
        classifier().init_weights()


def test_other_names_and_subtrees_that_need_not_be_whole():
    source = {'student.a.weight': torch.ones(2, 2), 'student.a.bias': torch.ones(2), 'student.b.weight': torch.ones(1)}
    model = nn.ModuleDict(dict(net=nn.ModuleDict(dict(a=nn.Linear(2, 2), c=nn.Linear(2, 2)))))
    with pytest.raises(CheckpointError, match='missing in the file: c.bias, c.weight; not in the model: b.weight'):
        transfer_weights(model, source, {'student': 'net'})
    report = transfer_weights(model, source, {'student': 'net'}, strict_subtrees=[])
    assert report.loaded == ('net.a.weight', 'net.a.bias') and report.skipped == ('student.b.weight', )
    assert report.missing == ('net.c.weight', 'net.c.bias') and bool((model.net.a.weight == 1).all())
    with pytest.raises(ConfigError, match='strict_subtrees'):
        transfer_weights(model, source, ['student'], strict_subtrees=['net'])
