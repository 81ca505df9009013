"""A config that trains in a second, for tests of how trainings start, end and resume."""
from pathlib import Path

import cv2
import numpy as np

CONFIG = """
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(num_classes=2, mean=[127.5], std=[127.5]),
    backbone=dict(type='LeNet5'),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=2, in_channels=120, loss=dict(type='CrossEntropyLoss'), topk=(1, )))
dataset = dict(
    type='ImageFolderDataset', image_root={images!r},
    pipeline=[dict(type='LoadImageFromFile', color_type='grayscale'), dict(type='PackInputs')])
train_dataloader = dict(
    batch_size=8, num_workers=0, dataset=dataset, sampler=dict(type='DefaultSampler', shuffle=True), drop_last=True)
val_dataloader = dict(batch_size=8, num_workers=0, dataset=dataset, sampler=dict(type='DefaultSampler', shuffle=False))
val_evaluator = dict(type='Accuracy', topk=(1, ))
train_cfg = dict(by_epoch=True, max_epochs=2)
val_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.05, momentum=0.9))
auto_scale_lr = dict(base_batch_size=16)
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))
randomness = dict(seed=0)
"""


def write_toy_config(folder: str | Path, images_per_class: int = 16) -> Path:
    """Write images of two classes, bright above and bright below, and a config over them.

    Training has no augmentation, no dropout and no BatchNorm, so that one
    process with batches of 8 does what two processes with batches of 4 do.

    Args:
        folder: Where to; made if need be.
        images_per_class: Images of 32 x 32 pixels, each class in a folder.

    Returns:
        The path of the config, ``folder/toy.py``.
    """
    folder, rng = Path(folder), np.random.default_rng(0)
    for label, name in enumerate(('above', 'below')):
        (folder / 'images' / name).mkdir(parents=True, exist_ok=True)
        for n in range(images_per_class):
            image = rng.integers(0, 200, (32, 32), dtype=np.uint8)
            image[16 * label:16 * (label + 1)] += 50
            cv2.imwrite(str(folder / 'images' / name / f'{n}.png'), image)
    config = folder / 'toy.py'
    config.write_text(CONFIG.format(images=str(folder / 'images')), encoding='utf-8')
    return config
