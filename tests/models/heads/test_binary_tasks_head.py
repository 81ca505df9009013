"""Tasks with soft targets."""
import torch
from mmpretrain.structures import DataSample

from mmcomp.models.heads import BinaryTasksHead


def test_probabilities_and_weighted_soft_targets():
    torch.manual_seed(0)
    head, features, target = BinaryTasksHead(4, 8, dropout=0.0), torch.randn(5, 8), torch.rand(5, 4)
    samples = [DataSample().set_gt_score(row) for row in target]
    for sample in samples[:2]:
        sample.set_field(3., 'weight', field_type='metainfo')
    logits = head.fc(features)
    plain = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction='none')
    expected = (plain * torch.tensor([3., 3., 1., 1., 1.])[:, None]).mean()
    torch.testing.assert_close(head.loss((features, ), samples)['loss'], expected)
    torch.testing.assert_close(head.predict((features, ))[2].pred_score, logits[2].sigmoid())
