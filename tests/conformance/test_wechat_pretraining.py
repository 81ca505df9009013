"""The pre-trainings of videos with words say what was published, and what they leave fits the classifiers."""
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope

from mmcomp.checkpoints.transfer import transfer_weights
from mmcomp.models.pretrain.image_text_matching import NEGATIVES
from mmcomp.registry import MODELS

BERT = dict(model_type='bert', vocab_size=120, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=32)


def tiny(model: dict) -> dict:
    """The same model, 16 wide, with random weights."""
    tasks = model.get('tasks', [])
    for part in (*model['encoders'].values(), model['fusion']):
        if part.pop('name_or_path', None):
            part['config'] = BERT
    for task in tasks:
        task['in_channels'] = 16
        if task['type'] == 'MaskedLanguageModeling':
            task.update(name_or_path=None, vocab_size=120)
    if 'head' in model:
        model['head']['in_channels'] = 16
    if model['fusion']['type'] == 'CrossAttentionDecoder':
        model['fusion'].update(channels=16, heads=2, ffn_channels=16)
    model['encoders']['frames'].update(out_channels=16)
    model['encoders']['frames']['in_channels'] = 6
    return {key: value for key, value in model.items() if key != 'init_cfg'}


def batch(size: int = 8) -> dict:
    random = np.random.default_rng(0)
    return pseudo_collate([dict(inputs=dict(
        text=np.array([101, *random.integers(104, 120, 9), 102], dtype=np.int32),
        frames=random.normal(size=(3, 6)).astype(np.float16))) for _ in range(size)])


@pytest.mark.parametrize('stream, epochs, batch_size, lr, warm_up', [
    ('single', 30, 64, 5e-5, 0.06), ('double', 15, 32, 6e-5, 0.08)])
def test_a_step_and_the_way_to_the_classifier(root, stream, epochs, batch_size, lr, warm_up):
    cfg = Config.fromfile(root / f'configs/wechat/{stream}-pretrain.py')
    optimizer, (rise, fall) = cfg.optim_wrapper.optimizer, cfg.param_scheduler
    assert (cfg.train_cfg.max_epochs, cfg.train_dataloader.batch_size) == (epochs, batch_size)
    assert cfg.auto_scale_lr.base_batch_size == 2 * batch_size and cfg.train_dataloader.drop_last
    assert (optimizer.type, optimizer.lr, optimizer.eps, optimizer.weight_decay) == ('AdamW', lr, 1e-6, 0.01)
    assert rise.end == fall.begin == pytest.approx(warm_up * epochs) and fall.end == epochs
    parts = cfg.train_dataloader.dataset.datasets
    assert [part.ann_file for part in parts] == ['annotations/unlabeled.json', 'annotations/labeled.json']
    assert all(part.pipeline[0].max_frames == 32 and part.label_key is None for part in parts)
    by_type = {task.type: task for task in cfg.model.tasks}
    assert by_type['MaskedLanguageModeling'].probability == 0.15
    assert by_type['ImageTextMatching'].get('negatives', NEGATIVES[0]) == NEGATIVES[stream == 'double']
    if stream == 'single':
        assert [round(1 / task.get('weight', 1), 6) for task in cfg.model.tasks] == [1.25, 3, 1]
        assert by_type['MaskedFrameModeling'].probability == pytest.approx(0.135)
    else:
        alignment = by_type['ContrastiveAlignment']
        assert (alignment.queue_size, alignment.temperature) == (8192, 0.07)
        assert cfg.model.teacher == dict(momentum=0.995, alpha=0.3) and 8192 % cfg.auto_scale_lr.base_batch_size == 0
        cfg.model.teacher.ramp_iters = 10
    with DefaultScope.overwrite_default_scope('mmcomp'):
        torch.manual_seed(0)
        model = MODELS.build(tiny(cfg.model.to_dict()))
        optim_wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
        losses = model.train_step(batch(), optim_wrapper)
        assert {'loss', *(name for name in losses if name.startswith('loss_'))} <= losses.keys()
        assert len(losses) >= 1 + len(by_type) and all(torch.isfinite(value) for value in losses.values())
        classifier = MODELS.build(tiny(Config.fromfile(root / f'configs/wechat/{stream}.py').model.to_dict()))
    report = transfer_weights(classifier, model.state_dict(), ['encoders', 'fusion'])
    assert {name.split('.')[0] for name in report.missing} == {'head'}
    assert {name.split('.')[0] for name in report.skipped} <= {'tasks', 'teacher'}
