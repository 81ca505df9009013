"""ArcFace: against loops, against mmpretrain, and where others return NaN."""
import math

import pytest
import torch
from mmpretrain.models.heads import ArcFaceClsHead
from mmpretrain.structures import DataSample

from mmcomp.errors import ConfigError
from mmcomp.models.heads.arcface_head import ArcFaceHead, adaptive_margins, arcface_logits


def _samples(labels):
    return [DataSample().set_gt_label(int(label)) for label in labels]


def _naive_logits(cosine, target, margin, scale):
    out = []
    for row, t, m in zip(cosine.tolist(), target.tolist(), margin.tolist()):
        row = [scale * c for c in row]
        theta = math.acos(row[t] / scale)
        row[t] = scale * (math.cos(theta + m) if theta + m < math.pi else math.cos(theta) - m * math.sin(m))
        out.append(row)
    return torch.tensor(out, dtype=torch.float64)


def test_logits_equal_a_loop():
    torch.manual_seed(0)
    cosine = torch.rand(64, 7, dtype=torch.float64) * 1.99 - 0.995
    cosine[:8, 0] = torch.linspace(-0.999, -0.9, 8)  # past pi - m
    target = torch.cat([torch.zeros(8, dtype=torch.long), torch.randint(7, (56, ))])
    margin = torch.rand(64, dtype=torch.float64)
    torch.testing.assert_close(arcface_logits(cosine, target, margin, 30.0),
                               _naive_logits(cosine, target, margin, 30.0))


def test_logit_falls_with_the_margin_and_rises_with_the_cosine():
    cosine = torch.linspace(-0.99, 0.99, 199)[:, None].double()
    target = torch.zeros(199, dtype=torch.long)
    previous = cosine[:, 0]
    for margin in (0.1, 0.3, 0.5):
        logits = arcface_logits(cosine, target, torch.full((199, ), margin).double(), 1.0)[:, 0]
        assert (logits < previous).all()
        assert (logits.diff() > 0).all()
        previous = logits


def test_cosine_is_the_best_of_the_subcenters():
    torch.manual_seed(0)
    head = ArcFaceHead(4, 5, num_subcenters=3, margin=0.2)
    features = torch.randn(6, 5)
    logits = head((features, ))
    weight = head.norm_product.weight.view(4, 3, 5)
    for i in range(6):
        for c in range(4):
            best = max(torch.cosine_similarity(features[i], weight[c, k], dim=0) for k in range(3))
            torch.testing.assert_close(logits[i, c], 30 * best)


@pytest.mark.parametrize('margin', [0.1, 0.5])
def test_fixed_margin_equals_mmpretrain(margin):
    torch.manual_seed(0)
    theirs = ArcFaceClsHead(5, 8, num_subcenters=2, scale=20.0, margins=margin)
    ours = ArcFaceHead(5, 8, num_subcenters=2, scale=20.0, margin=margin)
    ours.load_state_dict(theirs.state_dict())
    losses, gradients = [], []
    for head in (theirs, ours):
        features = torch.randn(9, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
        loss = head.loss((features, ), _samples([0, 1, 2, 3, 4, 0, 1, 2, 3]))['loss']
        loss.backward()
        losses.append(loss)
        gradients.append(features.grad)
    torch.testing.assert_close(*losses)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-6)


def test_gradients_are_finite_at_both_ends():
    head = ArcFaceHead(2, 4, margin=0.3)
    head.norm_product.weight.data = torch.eye(4)[:2]
    features = torch.stack([torch.eye(4)[0], -torch.eye(4)[0], torch.zeros(4)]).requires_grad_()
    head.loss((features, ), _samples([0, 0, 1]))['loss'].backward()
    assert torch.isfinite(features.grad).all()
    assert torch.isfinite(head.norm_product.weight.grad).all()


def test_float32_under_autocast():
    torch.manual_seed(0)
    head = ArcFaceHead(4, 16, margin=0.3)
    features = torch.randn(3, 16).bfloat16()
    plain = head((features, ), torch.tensor([0, 1, 2]))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        cast = head((features, ), torch.tensor([0, 1, 2]))
    assert cast.dtype == torch.float32
    torch.testing.assert_close(cast, plain, rtol=0, atol=0)


def test_adaptive_margins_follow_the_formula():
    counts = [1, 16, 81, 256, 625]
    rarity = [n ** -0.25 for n in counts]  # 1, 1/2, 1/3, 1/4, 1/5
    expected = [0.05 + 0.45 * (a - rarity[-1]) / (rarity[0] - rarity[-1]) for a in rarity]
    got = adaptive_margins(torch.tensor(counts), (0.05, 0.5))
    torch.testing.assert_close(got, torch.tensor(expected))
    assert got[0] == 0.5 and math.isclose(got[4], 0.05, rel_tol=1e-6)


@pytest.mark.parametrize('counts, expected', [
    ([7, 7, 7], [0.275, 0.275, 0.275]),
    ([7, 0, 7], [0.275, 0.5, 0.275]),
    ([16, 0, 1], [0.05, 0.5, 0.5]),
    ([5, 0, 0], [0.275, 0.5, 0.5]),
])
def test_equal_counts_and_empty_classes_have_finite_margins(counts, expected):
    torch.testing.assert_close(adaptive_margins(torch.tensor(counts), (0.05, 0.5)), torch.tensor(expected))


def test_counts_travel_in_checkpoints():
    trained, fresh = ArcFaceHead(3, 4), ArcFaceHead(3, 4)
    trained.set_class_counts([1, 16, 256])
    fresh.load_state_dict(trained.state_dict())
    assert fresh.class_counts.tolist() == [1, 16, 256]
    torch.testing.assert_close(fresh.margins_rad, trained.margins_rad)
    assert 'margins_rad' not in fresh.state_dict()


def test_a_checkpoint_without_counts_loads():
    state = ArcFaceHead(3, 4).state_dict()
    del state['class_counts']
    head = ArcFaceHead(3, 4)
    head.set_class_counts([1, 16, 256])
    head.load_state_dict(state)
    assert head.class_counts.tolist() == [1, 16, 256]


def test_training_without_counts_is_one_clear_error():
    head = ArcFaceHead(3, 4)
    with pytest.raises(ConfigError, match='ClassCountsHook'):
        head.loss((torch.randn(2, 4), ), _samples([0, 1]))
    assert torch.isfinite(head.predict((torch.randn(2, 4), ))[0].pred_score).all()


def test_soft_labels_are_refused():
    sample = DataSample().set_gt_label(0).set_gt_score(torch.tensor([0.5, 0.5, 0.0]))
    with pytest.raises(ConfigError, match='mixup'):
        ArcFaceHead(3, 4, margin=0.1).loss((torch.randn(1, 4), ), [sample])


@pytest.mark.parametrize('wrong', [dict(margin='adaptve'), dict(margin=30), dict(num_subcenters=0),
                                   dict(margin_range=(0.5, 0.1))])
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        ArcFaceHead(3, 4, **wrong)


@pytest.mark.parametrize('counts', [[1, 2], [0, 0, 0], [1, -1, 2]])
def test_wrong_counts_are_refused(counts):
    with pytest.raises(ConfigError, match='class_counts'):
        ArcFaceHead(3, 4).set_class_counts(counts)
