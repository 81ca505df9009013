"""Predictions of small images by a small model, so that what happens around the model is what takes the time."""
import pickle
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from mmcomp.testing.speed.measuring import ratio

CONFIG = """
model = dict(
    type='ImageClassifier', data_preprocessor=dict(num_classes={classes}, mean=[127.5], std=[127.5]),
    backbone=dict(type='LeNet5'), neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes={classes}, in_channels=120))
test_dataloader = dict(
    batch_size={batch_size}, num_workers={workers}, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ImageFolderDataset', image_root={images!r}, with_label=False, pipeline=[
        dict(type='LoadImageFromFile', color_type='grayscale'), dict(type='PackInputs')]))
"""


class PredictionBench:
    """Images, a config and checkpoints, and the ways to come from these to tables.

    Args:
        folder: For all of them.
        images: How many, of 32 x 32 grey pixels.
        classes: Of the model, a LeNet.
        batch_size: Images at once.
        workers: Of the loader.
        checkpoints: How many.
    """

    def __init__(self, folder: Path, images: int, classes: int, batch_size: int, workers: int, checkpoints: int = 3):
        from mmcomp.apis import build, load_config
        (folder / 'images').mkdir()
        random = np.random.default_rng(0)
        for number in range(images):
            cv2.imwrite(str(folder / f'images/{number:06d}.png'), random.integers(0, 256, (32, 32), dtype=np.uint8))
        config = folder / 'lenet.py'
        config.write_text(CONFIG.format(classes=classes, batch_size=batch_size, workers=workers,
                                        images=str(folder / 'images')))
        self.folder, self.cfg, self.checkpoints = folder, load_config(config), []
        for number in range(checkpoints):
            torch.manual_seed(number)
            self.checkpoints.append(str(folder / f'epoch_{number}.pth'))
            torch.save(dict(meta={}, state_dict=build(self.cfg.model.to_dict()).state_dict()), self.checkpoints[-1])

    def ways(self) -> dict[str, tuple[Callable[[], list[np.ndarray]], Callable[[], list[np.ndarray]]]]:
        """What is predicted, and the stock loop's and our way to it; each gives the scores of each checkpoint."""
        first, every = self.checkpoints[:1], self.checkpoints
        return {
            'one checkpoint': (lambda: self.stock(first), lambda: self.ours(first)),
            'two views': (lambda: self.stock(first, tta=True), lambda: self.ours(first, tta=True)),
            f'{len(every)} checkpoints': (lambda: self.stock(every), lambda: self.ours(every)),
        }  # yapf: disable

    def ours(self, checkpoints: Sequence[str], tta: bool = False) -> list[np.ndarray]:
        """All checkpoints in one pass, into tables."""
        from mmcomp.apis import predict_tables
        outs = [str(Path(checkpoint).with_suffix('.pkl')) for checkpoint in checkpoints]
        return [table.scores for table in predict_tables(self.cfg, checkpoints, outs, tta=tta, device='cpu')]

    def stock(self, checkpoints: Sequence[str], tta: bool = False) -> list[np.ndarray]:
        """mmengine's test loop with ``DumpResults``, one checkpoint after the other, as ``test.py --out`` runs it."""
        from mmengine.evaluator import DumpResults, Evaluator
        from mmengine.registry import DefaultScope
        from mmengine.runner import Runner

        from mmcomp.apis.building import load_model, prediction_config
        cfg, scores = prediction_config(self.cfg), []
        wanted = cfg.test_dataloader.to_dict()
        if tta:
            wanted['dataset']['pipeline'] = cfg.tta_pipeline
        for checkpoint in checkpoints:
            model, _ = load_model(cfg, checkpoint, 'cpu', tta)
            out = str(self.folder / 'stock.pkl')
            with DefaultScope.overwrite_default_scope('mmcomp'), torch.no_grad():
                loader, evaluator = Runner.build_dataloader(wanted), Evaluator([DumpResults(out)])
                for data in loader:
                    samples = model.test_step(data)
                    for sample in samples:
                        # From a GPU each would be copied; a view of the batch is pickled with the whole batch.
                        sample.set_field(sample.pred_score.clone(), 'pred_score')
                    evaluator.process(data_samples=samples, data_batch=data)
                evaluator.evaluate(len(loader.dataset))
            with open(out, 'rb') as file:
                scores.append(np.stack([sample['pred_score'].numpy() for sample in pickle.load(file)]))
        return scores


def compare_ways(bench: PredictionBench, rounds: int) -> list[list[str]]:
    """Rows of a markdown table: images a second of both, their ratio round by round, and how far scores are apart."""
    rows = [['what', 'stock, images/s', 'ours, images/s', 'ours over stock', 'of scores, greatest difference']]
    for what, (stock, ours) in bench.ways().items():
        seconds = np.zeros((rounds, 2))
        for turn in range(rounds):
            scores = {}
            for at in ((0, 1), (1, 0))[turn % 2]:
                start = time.perf_counter()
                scores[at] = (stock, ours)[at]()
                seconds[turn, at] = time.perf_counter() - start
        count, ratios = len(scores[0][0]), seconds[:, 0] / seconds[:, 1]
        apart = max(float(abs(a - b).max()) for a, b in zip(scores[0], scores[1]))
        rows.append([what, *(f'{count / np.median(seconds[:, at]):.0f}' for at in (0, 1)),
                     ratio(ratios), f'{apart:.1g}'])
    return rows
