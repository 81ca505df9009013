"""Sample weights and dropout masks."""
import pytest
import torch
from mmpretrain.structures import DataSample

from mmcomp.models.heads import DropoutLinearHead

FEATURES = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))


def samples(weights=None):
    made = [DataSample().set_gt_label(i % 3) for i in range(6)]
    for sample, weight in zip(made, weights or ()):
        sample.set_field(weight, 'weight', field_type='metainfo')
    return made


@pytest.fixture
def head():
    torch.manual_seed(0)
    return DropoutLinearHead(3, 8, dropout=0.0)


def test_a_sample_of_weight_two_counts_twice(head):
    plain = torch.nn.functional.cross_entropy(head((FEATURES, )), torch.arange(6) % 3, reduction='none')
    torch.testing.assert_close(head.loss((FEATURES, ), samples())['loss'], plain.mean())
    weights = [2., 1., 0., 1., .5, 1.]
    found = head.loss((FEATURES, ), samples(weights))['loss']
    torch.testing.assert_close(found, (plain * torch.tensor(weights)).sum() / 6)
    torch.testing.assert_close(head.loss((FEATURES, ), samples([2., 1.]))['loss'], (plain.sum() + plain[0]) / 6)


def test_several_masks_average_their_losses():
    torch.manual_seed(0)
    head = DropoutLinearHead(3, 8, dropout=0.5, dropout_samples=4)
    torch.manual_seed(1)
    found = head.loss((FEATURES, ), samples())['loss']
    torch.manual_seed(1)
    head.dropout_samples = 1
    rounds = [head.loss((FEATURES, ), samples())['loss'] for _ in range(4)]
    assert len({value.item() for value in rounds}) == 4
    torch.testing.assert_close(found, sum(rounds) / 4)
    head.eval()
    torch.testing.assert_close(head((FEATURES, )), head.fc(FEATURES))

