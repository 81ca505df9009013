"""Fine and coarse classes at once."""
import pytest
import torch
from mmpretrain.structures import DataSample
from torch.nn import functional as F

from mmcomp.errors import ConfigError
from mmcomp.models.heads import CoarseFineHead
from mmcomp.models.heads.coarse_fine_head import coarse_target

OF = [0, 0, 1, 2, 2]


def test_the_loss_is_the_mean_of_both_levels():
    torch.manual_seed(0)
    head, x = CoarseFineHead(OF, 4, dropout=0.0, coarse_weight=0.3), torch.randn(6, 4)
    labels = torch.tensor([0, 1, 2, 3, 4, 4])
    hard = [DataSample().set_gt_label(int(label)) for label in labels]
    fine, coarse = F.cross_entropy(head.fc(x), labels), F.cross_entropy(head.coarse_fc(x), torch.tensor(OF)[labels])
    found = head.loss((x, ), hard)
    torch.testing.assert_close(found['loss'], 0.7 * fine + 0.3 * coarse)
    torch.testing.assert_close((found['fine'], found['coarse']), (fine.detach(), coarse.detach()))
    soft = [DataSample().set_gt_score(F.one_hot(label, 5).float()) for label in labels]
    torch.testing.assert_close(head.loss((x, ), soft)['loss'], found['loss'])
    for sample in hard[1:]:
        sample.set_field(0.0, 'weight')
    torch.testing.assert_close(head.loss((x, ), hard)['loss'] * 6, head.loss((x[:1], ), hard[:1])['loss'])
    torch.testing.assert_close(head((x, )), head.fc(x))


def test_shares_add_up():
    shares = torch.tensor([[0.1, 0.2, 0.3, 0.15, 0.25]])
    torch.testing.assert_close(coarse_target(shares, torch.tensor(OF), 3), torch.tensor([[0.3, 0.3, 0.4]]))


@pytest.mark.parametrize('options', [dict(coarse_of=[0, 2]), dict(coarse_of=[]), dict(coarse_of=OF, num_classes=6)])
def test_classes_that_do_not_fit(options):
    with pytest.raises(ConfigError, match='coarse_of'):
        CoarseFineHead(in_channels=4, **options)
