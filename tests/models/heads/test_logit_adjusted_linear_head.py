"""mmpretrain's linear head with a switch."""
import torch
from mmpretrain.models.heads import LinearClsHead
from mmpretrain.structures import DataSample

from mmcomp.models.heads import LogitAdjustedLinearHead


def test_linear_head_takes_checkpoints_of_mmpretrain():
    theirs, ours = LinearClsHead(3, 4), LogitAdjustedLinearHead(3, 4)
    ours.load_state_dict(theirs.state_dict())
    features = (torch.randn(2, 4), )
    torch.testing.assert_close(ours(features), theirs(features))


def test_training_is_that_of_mmpretrain_whatever_the_switch():
    theirs, ours = LinearClsHead(3, 4), LogitAdjustedLinearHead(3, 4)
    ours.load_state_dict(theirs.state_dict())
    ours.set_class_counts([9, 1, 1])
    ours.logit_adjustment_tau = 1.0
    features, samples = (torch.randn(2, 4), ), [DataSample().set_gt_label(label) for label in (0, 2)]
    torch.testing.assert_close(ours.loss(features, samples), theirs.loss(features, samples))
