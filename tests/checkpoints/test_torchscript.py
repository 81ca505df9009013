"""Tensors of a TorchScript archive are read, its code is not."""
import pickle
import zipfile

import pytest
import torch
from torch import nn

from mmcomp.checkpoints.torchscript import is_torchscript, torchscript_state
from mmcomp.errors import CheckpointError


class Net(nn.Module):

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2).half())
        self.scale = nn.Parameter(torch.randn(4, 2).t())
        self.tied = self.layers[0].weight
        self.register_buffer('steps', torch.tensor([7]))
        self.heads = 3

    def forward(self, x):
        return self.layers(x)


def test_the_state_is_that_of_the_module(tmp_path):
    net, path = Net(), tmp_path / 'net.pt'
    torch.jit.save(torch.jit.script(net), path)
    found = torchscript_state(path)
    assert found.keys() == net.state_dict().keys()
    for key, value in net.state_dict().items():
        assert torch.equal(found[key], value) and found[key].dtype == value.dtype, key
    torch.save(net.state_dict(), tmp_path / 'net.pth')
    assert is_torchscript(path) and not is_torchscript(tmp_path / 'net.pth') and not is_torchscript(__file__)


class Hostile:

    def __reduce__(self):
        return (print, ('run', ))


def rewritten(path, content: bytes):
    """An archive with another pickle in it."""
    torch.jit.save(torch.jit.script(Net()), path)
    with zipfile.ZipFile(path) as old:
        records = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, 'w') as new:
        for name, data in records.items():
            new.writestr(name, content if name.endswith('/data.pkl') else data)
    return path


@pytest.mark.parametrize(('content', 'words'), [
    (pickle.dumps(Hostile()), 'refused, for it asks for `(builtins|__builtin__).print`'),
    (pickle.dumps(torch.nn.Linear), 'refused, for it asks for `torch.nn'),
    (b'', 'not a whole TorchScript archive'), (pickle.dumps(3), 'no tensors in it')])
def test_others_are_refused(tmp_path, capsys, content, words):
    with pytest.raises(CheckpointError, match=words):
        torchscript_state(rewritten(tmp_path / 'net.pt', content))
    assert 'run' not in capsys.readouterr().out
