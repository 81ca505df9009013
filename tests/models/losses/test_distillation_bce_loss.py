"""The formula as a loop; without a temperature it is the plain loss on mixed targets, with one it is not."""
import math

import pytest
import torch

from mmcomp.errors import ConfigError
from mmcomp.models.losses import DistillationBCELoss, WeightedMultiTaskBCELoss

B, T = 5, 3


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(B, T, generator=generator), torch.rand(B, T, generator=generator),
            torch.rand(B, T, generator=generator), torch.rand(B, generator=generator) * 2)


def bce(logit, target):
    p = 1 / (1 + math.exp(-float(logit)))
    return -(float(target) * math.log(p) + (1 - float(target)) * math.log(1 - p))


def test_the_formula(data):
    logits, teacher, readers, weight = data
    ratios, heat, total = [.9, .5, 0.], 2.5, 0.
    for b in range(B):
        for t in range(T):
            q = 1 / (1 + ((1 - float(teacher[b, t])) / float(teacher[b, t])) ** (1 / heat))
            soft, hard = heat ** 2 * bce(logits[b, t] / heat, q), bce(logits[b, t], readers[b, t])
            total += float(weight[b]) * (ratios[t] * soft + (1 - ratios[t]) * hard) / (B * T)
    loss = DistillationBCELoss(temperature=heat, soft_ratio=ratios)
    assert float(loss(logits, torch.cat([teacher, readers], 1), weight)) == pytest.approx(total, rel=1e-5)


def test_without_a_temperature_it_is_the_plain_loss_on_mixed_targets(data):
    logits, teacher, readers, weight = data
    both, plain = torch.cat([teacher, readers], 1), WeightedMultiTaskBCELoss()
    torch.testing.assert_close(DistillationBCELoss(soft_ratio=.7)(logits, both, weight),
                               plain(logits, .7 * teacher + .3 * readers, weight))
    torch.testing.assert_close(DistillationBCELoss()(logits, teacher, weight), plain(logits, teacher, weight))
    assert not torch.isclose(DistillationBCELoss(temperature=3.)(logits, teacher), plain(logits, teacher))


def test_wrong_settings_are_told(data):
    logits, teacher, _, _ = data
    with pytest.raises(ConfigError, match='temperature, soft_ratio'):
        DistillationBCELoss(temperature=0)
    with pytest.raises(ConfigError, match='of 3 or 6 columns'):
        DistillationBCELoss()(logits, teacher[:, :2])
