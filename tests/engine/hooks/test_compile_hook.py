"""Blocks are compiled, share programs, and compute what they did."""
import copy
import logging
from types import SimpleNamespace

import torch

from mmcomp.apis import build
from mmcomp.engine.hooks import ActivationCheckpointingHook, CompileHook


def test_blocks_share_programs_and_gradients_stay():
    torch.manual_seed(0)
    plain = build(dict(type='VisionTransformer', img_size=16, patch_size=4, drop_path_rate=0.2, arch=dict(
        embed_dims=16, num_layers=6, num_heads=2, feedforward_channels=64)))
    plain.init_weights()
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    model = copy.deepcopy(plain)
    runner = SimpleNamespace(model=model, logger=logging.getLogger())
    ActivationCheckpointingHook().before_train(runner)
    CompileHook(backend=backend).before_train(runner)
    images, grads = torch.randn(2, 3, 16, 16), []
    for one in (plain, model):
        torch.manual_seed(1)
        one.train()
        one(images)[0].square().sum().backward()
        grads.append({name: p.grad for name, p in one.named_parameters()})
    assert 0 < len(graphs) < 6 and grads[0].keys() == grads[1].keys()
    for name, grad in grads[0].items():
        torch.testing.assert_close(grads[1][name], grad, rtol=1e-4, atol=1e-4)
