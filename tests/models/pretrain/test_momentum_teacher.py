"""Copies that follow, and a share that grows once."""
import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub
from torch import nn

from mmcomp.errors import ConfigError
from mmcomp.models.pretrain.momentum_teacher import MomentumTeacher, taught_cross_entropy


def test_copies_follow_and_the_share_grows_once():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout())
    teacher = MomentumTeacher(model, momentum=0.9, alpha=0.4, ramp_iters=4).train()
    assert not any(p.requires_grad for p in teacher.parameters()) and not any(m.training for m in teacher.modules())
    nn.init.constant_(model[0].weight, 1.0)  # as weights that are loaded later
    want, alphas = 1.0, []
    for step in range(7):
        if step:
            nn.init.constant_(model[0].weight, float(step))
            want = 0.9 * want + 0.1 * step
        model[1](torch.randn(4, 2))
        teacher.follow(model)
        alphas.append(float(teacher.alpha))
        torch.testing.assert_close(teacher.copies[0].weight, torch.full((2, 2), want))
        assert torch.equal(teacher.copies[1].running_mean, model[1].running_mean)
    assert alphas == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4])
    resumed = MomentumTeacher(model, momentum=0.9, alpha=0.4, ramp_iters=10)
    resumed.load_state_dict(teacher.state_dict())
    resumed.follow(model)
    teacher.follow(model)
    assert float(resumed.alpha) == pytest.approx(0.28)
    assert torch.equal(resumed.copies[0].weight, teacher.copies[0].weight)


def test_the_runner_says_how_long_an_epoch_is():
    teacher = MomentumTeacher(nn.Linear(1, 1))
    hub = MessageHub.get_current_instance()
    before = dict(hub.runtime_info)
    try:
        for name in ('max_iters', 'max_epochs'):
            hub.update_info(name, None)
        with pytest.raises(ConfigError, match='ramp_iters'):
            teacher.follow(nn.Linear(1, 1))
        hub.update_info_dict(dict(max_iters=30, max_epochs=3))
        teacher.follow(nn.Linear(1, 1))
        assert teacher.ramp_iters == 10
    finally:
        hub.runtime_info.clear()
        hub.runtime_info.update(before)


def test_shares_out_of_bounds():
    with pytest.raises(ConfigError, match='momentum, alpha'):
        MomentumTeacher(nn.Linear(1, 1), alpha=1.5)


@pytest.mark.parametrize('alpha', [0.0, 0.3, 1.0])
def test_the_loss_is_cross_entropy_of_mixed_targets(alpha):
    torch.manual_seed(0)
    logits, teacher = torch.randn(2, 4, 9).unbind()
    target = torch.tensor([0, 3, 3, 8])
    mixed = alpha * teacher.softmax(dim=1) + (1 - alpha) * F.one_hot(target, 9)
    logits, teacher = logits.requires_grad_(), teacher.requires_grad_()
    loss = taught_cross_entropy(logits, target, teacher, torch.tensor(alpha))
    torch.testing.assert_close(loss, F.cross_entropy(logits, mixed))
    loss.backward()
    assert teacher.grad is None
    torch.testing.assert_close(taught_cross_entropy(logits, target), F.cross_entropy(logits, target))
    assert taught_cross_entropy(logits[:0], target[:0], teacher[:0], 0.5) == 0 == taught_cross_entropy(
        logits[:0], target[:0])
