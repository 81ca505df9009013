"""Contrast with soft targets, as written out."""
import pytest
import torch
import torch.nn.functional as F

from mmcomp.models.pretrain.alignment import alignment_loss, gathered


@pytest.mark.parametrize('alpha', [0.0, 0.3, 1.0])
def test_it_is_cross_entropy_of_mixed_targets(alpha):
    torch.manual_seed(0)
    logits, teacher = torch.randn(2, 4, 9).unbind()
    target = torch.tensor([0, 3, 3, 8])
    mixed = alpha * teacher.softmax(dim=1) + (1 - alpha) * F.one_hot(target, 9)
    teacher.requires_grad_()
    logits.requires_grad_()
    loss = alignment_loss(logits, target, teacher, torch.tensor(alpha))
    torch.testing.assert_close(loss, F.cross_entropy(logits, mixed))
    loss.backward()
    assert teacher.grad is None
    torch.testing.assert_close(alignment_loss(logits, target), F.cross_entropy(logits, target))
    assert alignment_loss(logits[:0], target[:0], teacher[:0], 0.5) == alignment_loss(logits[:0], target[:0]) == 0


def test_one_process_gathers_its_own():
    features = torch.randn(2, 3)
    assert gathered(features) is features
