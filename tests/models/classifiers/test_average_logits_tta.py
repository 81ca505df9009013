"""Views are averaged as logits."""
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmpretrain.structures import DataSample

from mmcomp.models.classifiers.average_logits_tta import AverageLogitsTTA, average_views
from mmcomp.registry import MODELS, TRANSFORMS


def test_mean_log_probability_is_the_mean_logit():
    torch.manual_seed(0)
    logits = torch.randn(3, 7) * 5
    torch.testing.assert_close(average_views(logits.softmax(1)), logits.mean(0).softmax(0))
    assert not torch.allclose(average_views(logits.softmax(1)), logits.softmax(1).mean(0), atol=1e-3)


def test_probabilities_of_zero_do_not_make_nan():
    views = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    got = average_views(views)
    torch.testing.assert_close(got, torch.tensor([0.5, 0.5, 0.0]))


def _classifier():
    return MODELS.build(dict(
        type='ImageClassifier',
        backbone=dict(type='HuggingFaceImageBackbone', out_type='mean', config=dict(
            model_type='vit', image_size=32, patch_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32)),
        head=dict(type='LogitAdjustedLinearHead', num_classes=4, in_channels=16,
                  init_cfg=dict(type='Normal', layer='Linear', std=1.0))))


def _views(root, name, image):
    config = Config.fromfile(root / 'configs' / '_base_' / 'pipelines' / name)
    steps = [TRANSFORMS.build(step) for step in config.tta_pipeline if step['type'] == 'TestTimeAug']
    views = Compose(steps)(dict(img=image, gt_label=1, sample_id='a.png', img_shape=image.shape[:2],
                                ori_shape=image.shape[:2]))
    assert config.tta_model.type == 'AverageLogitsTTA'
    return views


def test_flip_views_through_the_model(root):
    torch.manual_seed(0)
    model = _classifier()
    model.init_weights()
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    views = _views(root, 'resize_384.py', image)
    assert len(views['inputs']) == 2
    torch.testing.assert_close(views['inputs'][1], views['inputs'][0].flip(2))
    merged, = AverageLogitsTTA(module=model.eval()).test_step(pseudo_collate([views]))
    pair = torch.stack(views['inputs']).float()
    torch.testing.assert_close(merged.pred_score, model(pair).mean(0).softmax(0), rtol=1e-4, atol=1e-6)
    assert merged.pred_label == merged.pred_score.argmax() and merged.gt_label == 1


def test_character_views_move_and_never_mirror(root):
    image = np.zeros((32, 32, 3), dtype=np.uint8)
    image[10, 20] = 255
    views = _views(root, 'character_views.py', image)
    spots = {tuple(torch.nonzero(view[0])[0].tolist()) for view in views['inputs']}
    assert spots == {(10, 20), (10, 21), (10, 19), (11, 20), (9, 20)}


def test_keeps_what_the_sample_knows():
    views = [DataSample(metainfo=dict(sample_id='x')).set_pred_score(torch.tensor([0.5, 0.5])) for _ in range(2)]
    assert AverageLogitsTTA(module=_classifier()).merge_preds([views])[0].sample_id == 'x'
