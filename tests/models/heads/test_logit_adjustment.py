"""Logit adjustment at test time."""
import pytest
import torch
from mmpretrain.models.heads import LinearClsHead

from mmcomp.errors import ConfigError
from mmcomp.models.heads import ArcFaceHead, LogitAdjustedLinearHead, adjust_logits, set_logit_adjustment

HEADS = [LogitAdjustedLinearHead(3, 4), ArcFaceHead(3, 4)]


def test_adjusting_divides_the_probabilities_by_the_prior():
    logits, counts = torch.randn(5, 3), torch.tensor([10, 30, 60])
    for tau in (0.5, 1.0):
        expected = logits.softmax(1) / (counts / 100) ** tau
        expected /= expected.sum(1, keepdim=True)
        torch.testing.assert_close(adjust_logits(logits, counts, tau).softmax(1), expected)


def test_an_empty_class_stays_finite():
    assert torch.isfinite(adjust_logits(torch.zeros(1, 3), torch.tensor([5, 0, 9]))).all()


@pytest.mark.parametrize('head', HEADS, ids=lambda head: type(head).__name__)
def test_heads_adjust_only_when_told(head):
    head.set_class_counts([98, 1, 1])
    features = (torch.randn(6, 4), )
    plain = torch.stack([sample.pred_score for sample in head.predict(features)])
    torch.testing.assert_close(plain, head(features).softmax(1))
    set_logit_adjustment(torch.nn.ModuleDict({'head': head}), 1.0)
    adjusted = head.predict(features)
    expected = adjust_logits(head(features), head.class_counts).softmax(1)
    torch.testing.assert_close(torch.stack([sample.pred_score for sample in adjusted]), expected)
    assert [int(sample.pred_label) for sample in adjusted] == expected.argmax(1).tolist()
    set_logit_adjustment(head, 0.0)
    torch.testing.assert_close(head.predict(features)[0].pred_score, plain[0])


def test_no_head_or_no_counts_is_an_error():
    with pytest.raises(ConfigError, match='LogitAdjustedLinearHead'):
        set_logit_adjustment(LinearClsHead(3, 4))
    with pytest.raises(ConfigError, match='ClassCountsHook'):
        set_logit_adjustment(LogitAdjustedLinearHead(3, 4))
