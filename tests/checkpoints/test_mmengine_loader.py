import os

import pytest
import torch
from mmengine.model import BaseModule
from mmengine.runner import load_checkpoint

from mmcomp.checkpoints.mmengine_loader import use_safe_loading
from mmcomp.errors import CheckpointError


class Net(BaseModule):

    def __init__(self, init_cfg=None):
        super().__init__(init_cfg)
        self.fc = torch.nn.Linear(2, 2)


class Hostile:

    def __init__(self, planted):
        self.planted = str(planted)

    def __reduce__(self):
        return os.mkdir, (self.planted, )


def test_mmengine_loads_through_the_safe_loader(tmp_path, monkeypatch):
    use_safe_loading()
    source = Net()
    torch.save({'state_dict': source.state_dict()}, tmp_path / 'good.pth')
    torch.save({'state_dict': source.state_dict(), 'x': Hostile(tmp_path / 'planted')}, tmp_path / 'bad.pth')
    net = Net(init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'good.pth')))
    net.init_weights()
    assert torch.equal(net.fc.weight, source.fc.weight)
    monkeypatch.setenv('MMCOMP_WEIGHTS_MIRROR', str(tmp_path))
    mirrored = Net()
    load_checkpoint(mirrored, 'https://example.com/some/good.pth')
    assert torch.equal(mirrored.fc.bias, source.fc.bias)
    for address in (str(tmp_path / 'bad.pth'), 'https://example.com/bad.pth'):
        with pytest.raises(CheckpointError, match='refused'):
            load_checkpoint(Net(), address)
    with pytest.raises(CheckpointError, match='refused'):
        Net(init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'bad.pth'))).init_weights()
    assert not (tmp_path / 'planted').exists()
    with pytest.raises(CheckpointError, match='Copy the file to a disk'):
        load_checkpoint(Net(), 's3://bucket/x.pth')
    with pytest.raises(CheckpointError, match=r'no such model in this zoo.*resnet50'):
        load_checkpoint(Net(), 'torchvision://resnet5')
