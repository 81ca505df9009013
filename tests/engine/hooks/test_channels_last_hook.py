"""The same numbers from another layout, which goes from the weights through the layers."""
from types import SimpleNamespace

import torch
from mmengine.optim import OptimWrapper

from mmcomp.apis import build
from mmcomp.engine.hooks import ChannelsLastHook

CNN = dict(type='ResNet', depth=18, base_channels=8, stem_channels=8, num_stages=2, strides=(1, 2), dilations=(1, 1),
           out_indices=(1, ))


def test_losses_and_weights_are_the_same():
    ends, images = [], torch.rand(2, 3, 24, 24)
    for change in (False, True):
        torch.manual_seed(0)
        model = build(CNN).double()
        if change:
            ChannelsLastHook().before_train(SimpleNamespace(model=model))
        wrapper = OptimWrapper(torch.optim.AdamW(model.parameters(), lr=.01))
        for _ in range(3):
            out = model(images.double())[0]
            wrapper.update_params(out.square().mean())
        assert out.is_contiguous(memory_format=torch.channels_last) is change
        ends.append(model.state_dict())
    assert list(ends[0]) == list(ends[1])
    for name, weight in ends[0].items():
        torch.testing.assert_close(ends[1][name], weight)
