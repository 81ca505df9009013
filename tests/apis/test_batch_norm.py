import pytest
import torch
from mmengine.model import BaseDataPreprocessor, BaseModel
from torch import nn

from mmcomp.apis.batch_norm import batch_norms, update_batch_norm


class Net(BaseModel):
    """BatchNorm after a layer and after dropout, one that no batch reaches, and one without statistics."""

    def __init__(self):
        super().__init__(BaseDataPreprocessor())
        self.first, self.fc, self.drop = nn.BatchNorm1d(3), nn.Linear(3, 4), nn.Dropout(.5)
        self.second, self.unused = nn.BatchNorm1d(4, momentum=.3), nn.BatchNorm1d(2)
        self.stateless = nn.BatchNorm1d(4, track_running_stats=False)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        assert mode == 'tensor'
        return self.stateless(self.second(self.drop(self.fc(self.first(inputs)))))


@pytest.fixture()
def batches():
    generator = torch.Generator().manual_seed(0)
    return [dict(inputs=torch.randn(6, 3, generator=generator) * n + n, data_samples=None) for n in (1, 2, 3)]


@pytest.mark.parametrize('training', [True, False])
def test_statistics_are_those_of_a_plain_loop(batches, training):
    net = Net().train(training)
    net.unused.running_mean += 7
    weights = {name: p.clone() for name, p in net.named_parameters()}
    assert update_batch_norm(net, iter(batches)) == ['unused']
    inputs = [batch['inputs'] for batch in batches]
    torch.testing.assert_close(net.first.running_mean, torch.stack([x.mean(0) for x in inputs]).mean(0))
    torch.testing.assert_close(net.first.running_var, torch.stack([x.var(0) for x in inputs]).mean(0))
    hidden = [net.fc((x - x.mean(0)) / (x.var(0, unbiased=False) + net.first.eps).sqrt()).detach() for x in inputs]
    torch.testing.assert_close(net.second.running_mean, torch.stack([x.mean(0) for x in hidden]).mean(0))
    torch.testing.assert_close(net.second.running_var, torch.stack([x.var(0) for x in hidden]).mean(0))
    assert net.second.num_batches_tracked == 3 and net.unused.running_mean.tolist() == [7, 7]
    assert net.second.momentum == .3 and net.training is net.second.training is net.drop.training is training
    assert all(torch.equal(p, weights[name]) for name, p in net.named_parameters())


def test_torch_agrees_where_it_can(batches):
    ours, theirs = nn.Sequential(nn.BatchNorm1d(3)), nn.Sequential(nn.BatchNorm1d(3))

    class Shell(BaseModel):

        def __init__(self):
            super().__init__(BaseDataPreprocessor())
            self.net = ours

        def forward(self, inputs, data_samples=None, mode='tensor'):
            return self.net(inputs)

    update_batch_norm(Shell(), batches)
    torch.optim.swa_utils.update_bn([batch['inputs'] for batch in batches], theirs)
    assert all(torch.equal(a, b) for a, b in zip(ours.buffers(), theirs.buffers()))


def test_which_are_found():
    assert list(batch_norms(Net())) == ['first', 'second', 'unused'] and not batch_norms(nn.Linear(2, 2))
