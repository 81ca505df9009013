"""Scores of a batch are those of the models' own test_step, sample by sample."""
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmpretrain.models import ImageClassifier, LinearClsHead
from mmpretrain.structures import DataSample

from mmcomp.apis import build
from mmcomp.datasets.collating import collate_inputs
from mmcomp.models.heads.logit_adjustment import set_logit_adjustment
from mmcomp.models.scoring import batch_scores, needs_only_inputs

HEADS = dict(
    linear=dict(type='LinearClsHead', num_classes=5, in_channels=64),
    arcface=dict(type='ArcFaceHead', num_classes=5, in_channels=64, num_subcenters=2),
    tasks=dict(type='MultiLabelLinearClsHead', num_classes=5, in_channels=64))


def classifier(head: str = 'linear', seed: int = 0, tta: str | None = None) -> torch.nn.Module:
    torch.manual_seed(seed)
    cfg = dict(
        type='ImageClassifier', backbone=dict(type='ResNet', depth=18, stem_channels=8, base_channels=8),
        neck=dict(type='GlobalAveragePooling'), head=HEADS[head],
        data_preprocessor=dict(mean=[120., 110., 100.], std=[60., 50., 40.], to_rgb=True, num_classes=5))
    return build(dict(type=tta, module=cfg) if tta else cfg).eval()


def samples(count: int, views: int = 0) -> list[dict]:
    random = torch.Generator().manual_seed(1)

    def image():
        return torch.randint(256, (3, 32, 40), generator=random, dtype=torch.uint8)

    def note():
        return DataSample().set_gt_label(1)
    if views:
        return [dict(inputs=[image() for _ in range(views)], data_samples=[note() for _ in range(views)])
                for _ in range(count)]
    return [dict(inputs=image(), data_samples=note()) for _ in range(count)]


def stock(model, rows: list[dict]) -> torch.Tensor:
    return torch.stack([sample.pred_score for sample in model.test_step(pseudo_collate(rows))])


@pytest.mark.parametrize('head', HEADS)
@pytest.mark.parametrize('tta', [None, 'AverageLogitsTTA', 'AverageClsScoreTTA'])
def test_equal_scores(head, tta):
    models, rows = [classifier(head, seed, tta) for seed in (0, 1)], samples(4, views=3 if tta else 0)
    assert all(map(needs_only_inputs, models))
    with torch.inference_mode():
        found = batch_scores(models, collate_inputs(rows))
        for scores, model in zip(found, models):
            torch.testing.assert_close(scores, stock(model, rows), rtol=1e-6, atol=1e-7)
    assert not torch.equal(*found)


def test_adjusted_for_the_prior():
    model, rows = classifier('arcface'), samples(4)
    model.head.set_class_counts(torch.tensor([100, 50, 20, 10, 5]))
    with torch.inference_mode():
        plain = batch_scores([model], collate_inputs(rows))[0]
        set_logit_adjustment(model, .5)
        scores = batch_scores([model], collate_inputs(rows))[0]
        torch.testing.assert_close(scores, stock(model, rows))
    assert (scores[:, 4] > plain[:, 4]).all()


class Reversed(LinearClsHead):
    """Says the classes the other way round."""

    def _get_predictions(self, cls_score, data_samples):
        return super()._get_predictions(cls_score.flip(1), data_samples)


class Shy(ImageClassifier):
    """Has a way of its own from images to scores."""

    def predict(self, inputs, data_samples=None, **kwargs):
        return super().predict(inputs / 2, data_samples, **kwargs)


def test_a_class_that_overrides_a_step_is_asked_for_objects():
    reversed_, shy, rows = classifier(), classifier(), samples(4)
    reversed_.head.__class__, shy.__class__ = Reversed, Shy
    with torch.inference_mode():
        plain = stock(classifier(), rows)
        for model in (reversed_, shy):
            assert not needs_only_inputs(model)
            scores, = batch_scores([model], pseudo_collate(rows))
            assert torch.equal(scores, stock(model, rows)) and not torch.allclose(scores, plain)
