"""The same gradients from fewer kept activations. In a training: conformance/test_large_models.py."""
import copy
import logging
from types import SimpleNamespace

import pytest
import torch

from mmcomp.apis import build
from mmcomp.engine.hooks import ActivationCheckpointingHook

VIT = dict(type='VisionTransformer', img_size=16, patch_size=4, drop_rate=0.2, drop_path_rate=0.2,
           arch=dict(embed_dims=16, num_layers=4, num_heads=2, feedforward_channels=64))


@pytest.fixture(scope='module')
def vit():
    torch.manual_seed(0)
    model = build(VIT)
    model.init_weights()
    return model


def changed(model, **kwargs):
    model = copy.deepcopy(model)
    ActivationCheckpointingHook(**kwargs).before_train(SimpleNamespace(model=model, logger=logging.getLogger()))
    return model


def step(model):
    """Gradients, and the bytes that are kept for the backward pass."""
    kept = {}

    def keep(tensor):
        if not isinstance(tensor, torch.nn.Parameter):
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    torch.manual_seed(1)
    images = torch.randn(2, 3, 16, 16)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model.train()
        loss = model(images)[0].square().sum()
    loss.backward()
    return {name: p.grad for name, p in model.named_parameters()}, sum(kept.values())


def test_gradients_are_the_same_and_memory_is_less(vit):
    expected, all_kept = step(copy.deepcopy(vit))
    for kwargs, share in ((dict(), .4), (dict(every=2), .75), (dict(blocks=['TransformerEncoderLayer']), .4)):
        found, kept = step(changed(vit, **kwargs))
        assert found.keys() == expected.keys() and kept < share * all_kept
        for name, grad in expected.items():
            torch.testing.assert_close(found[name], grad, rtol=0, atol=0)


def test_a_copy_computes_with_its_own_weights(vit):
    """As the averaged model of EMAHook would be."""
    model = changed(vit)
    model.eval()
    twin = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
        assert twin(torch.ones(1, 3, 16, 16))[0].abs().max() == 0 < model(torch.ones(1, 3, 16, 16))[0].abs().max()
    assert model.state_dict().keys() == vit.state_dict().keys()
